"""Checks that optional drivers are installed; each is an extra of the package."""

from importlib.util import find_spec


def check_driver(user: str, module: str, *, extra: str) -> None:
    """Return if a driver is installed; raises ValueError with the extra to install."""
    if find_spec(module) is None:
        from hexaccount.bootstrap.installation import install_command

        raise ValueError(f"{user} needs a driver; install it with: {install_command(extra)}")
