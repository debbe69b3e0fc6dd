from collections.abc import Callable

import pytest
from redis import Redis

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_redis import RedisStreamPublisher
from tests.adapters.sample_events import events

Opener = Callable[[str], RedisStreamPublisher]
STREAM = "hexaccount.events"


def ids_on(redis: Redis, stream: str = STREAM) -> list[str]:
    return [fields["id"] for _, fields in redis.xrange(stream)]


def reason(publisher: RedisStreamPublisher) -> str:
    with pytest.raises(ReceiverUnavailable) as raised:
        publisher.publish(events(3))
    assert raised.value.__cause__ is None
    return str(raised.value)
