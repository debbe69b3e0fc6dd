"""Checks that optional drivers are installed; each is an extra of the package."""

from importlib.util import find_spec


def check_driver(user: str, module: str, *, extra: str) -> None:
    """Return if a driver is installed; raises ValueError with the extra to install."""
    if find_spec(module) is None:
        raise ValueError(
            f"{user} needs a driver; install it with: pip install 'hexaccount[{extra}]' (in a clone '.[{extra}]')"
        )
