from collections.abc import Iterator

import pytest

from tests.adapters.webhooks.receivers import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver over HTTP."""
    with receiving() as receiver:
        yield receiver
