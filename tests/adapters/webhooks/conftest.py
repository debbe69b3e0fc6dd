from collections.abc import Iterator

import pytest

from tests.adapters.webhooks.receivers import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a receiver over HTTP."""
    with receiving() as receiver:
        yield receiver
