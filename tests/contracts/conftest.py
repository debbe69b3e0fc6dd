import pytest

from tests.selection import INNER_LOOP


@pytest.fixture(scope="session")
def inner_loop(pytestconfig: pytest.Config) -> bool:
    """Return whether this is the inner loop, in which threads race in fewer rounds and send fewer commands."""
    return bool(pytestconfig.option.markexpr == INNER_LOOP)
