"""Checks the parameters in the URL of a PostgreSQL."""

import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount_sql.connections import without_pooler


def check_options(url: str) -> None:
    """Return if hosts, ports and option names are valid; raises ValueError, whose text contains no value of the URL."""
    from psycopg.pq import Conninfo  # noqa: PLC0415 - psycopg is an extra that SQLite does without

    parsed, _ = without_pooler(sa.make_url(url))
    try:
        parsed.get_dialect()().create_connect_args(parsed)
    except exc.ArgumentError:
        raise ValueError("write host and port among the parameters as in ?host=one:5432&host=other:5432") from None
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    for name in parsed.query:
        if name not in known:
            raise ValueError(f"PostgreSQL's driver has no option {name}; correct it, or leave it out")
