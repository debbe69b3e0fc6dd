"""Which drivers are installed: each is an extra, so that nobody installs what they do not use."""

from importlib.util import find_spec


def check_driver(user: str, module: str, *, extra: str) -> None:
    """Return if a driver is installed; raises ValueError, which tells who needs it and the extra that brings it."""
    if find_spec(module) is None:
        raise ValueError(
            f"{user} needs a driver; install it with: pip install 'hexaccount[{extra}]' (in a clone '.[{extra}]')"
        )
