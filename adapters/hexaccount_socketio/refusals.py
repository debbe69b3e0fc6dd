from collections.abc import Callable
from typing import TypeAlias

RefusalObserver: TypeAlias = Callable[[str, str, str], None]
"""Is called with action, code of the problem and address of a client that was refused for its number of connections."""


def no_observer(_action: str, _code: str, _address: str) -> None:
    """Do nothing."""
