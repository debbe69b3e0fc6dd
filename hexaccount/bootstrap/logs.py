"""What is logged, and how."""

import logging


def configure_logs(level: str) -> None:
    """Log from `level` on to standard error, one line a record."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=level.upper())
    # Alembic tells at length what it is; what a migration has made is told by those who asked for it.
    logging.getLogger("alembic").setLevel(max(logging.WARNING, logging.getLogger().level))
