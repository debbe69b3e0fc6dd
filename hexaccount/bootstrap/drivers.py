"""Which drivers are installed: each is an extra, so that nobody installs what they do not use."""

from importlib.util import find_spec


def check_driver(scheme: str, module: str, *, extra: str) -> None:
    """Return if the driver for URLs of a scheme is installed; raises ValueError with the extra that brings it."""
    if find_spec(module) is None:
        raise ValueError(
            f"{scheme}:// needs a driver; install it with: pip install 'hexaccount[{extra}]' (in a clone '.[{extra}]')"
        )
