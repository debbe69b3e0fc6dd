"""A stream gets events in order and each batch atomically, and has a bounded length."""

import json
import threading

import pytest
from redis import Redis

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.events.cloud_event import attributes_of
from hexaccount_redis import RedisStream, RedisStreamPublisher
from tests.adapters.redis.streams import STREAM, Opener, ids_on
from tests.adapters.sample_events import an_event, events
from tests.people import registration
from tests.servers.ports import free_port


def test_an_entry_has_the_attributes_of_the_event_and_its_data_as_json(
    redis_url: str, redis: Redis, open_publisher: Opener
) -> None:
    event = an_event()
    open_publisher(redis_url).publish([event])
    ((_, fields),) = redis.xrange(STREAM)
    assert json.loads(fields.pop("data")) == event.data
    assert fields == attributes_of(event)


def test_batches_follow_each_other_in_order(redis_url: str, redis: Redis, open_publisher: Opener) -> None:
    publisher, published = open_publisher(redis_url), events(250)
    for first in range(0, 250, 50):
        publisher.publish(published[first : first + 50])
    assert ids_on(redis) == [str(event.id) for event in published]


def test_the_batches_of_two_publishers_do_not_mix(redis_url: str, redis: Redis, open_publisher: Opener) -> None:
    batches = [[events(20) for _ in range(25)] for _ in range(2)]

    def publish(own: list) -> None:
        publisher = open_publisher(redis_url)
        for batch in own:
            publisher.publish(batch)

    threads = [threading.Thread(target=publish, args=(own,)) for own in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = ids_on(redis)
    whole = {tuple(str(event.id) for event in batch) for own in batches for batch in own}
    assert {tuple(found[first : first + 20]) for first in range(0, 1000, 20)} == whole


def test_a_consumer_group_reads_each_event_once_and_in_order(
    redis_url: str, redis: Redis, open_publisher: Opener
) -> None:
    redis.xgroup_create(STREAM, "mailer", id="0", mkstream=True)
    published = events(30)
    open_publisher(redis_url).publish(published)
    read: list[str] = []
    for consumer in ("one", "other", "one"):
        ((_, messages),) = redis.xreadgroup("mailer", consumer, {STREAM: ">"}, count=10)
        for message_id, fields in messages:
            assert json.loads(fields["data"])["changes"]["bio"].endswith("— Ærø ✿")
            read.append(fields["id"])
            redis.xack(STREAM, "mailer", message_id)
    assert read == [str(event.id) for event in published]
    assert redis.xreadgroup("mailer", "one", {STREAM: ">"}) in ([], {})
    assert redis.xpending(STREAM, "mailer")["pending"] == 0


def test_a_stream_stores_about_as_many_events_as_its_length(
    redis_url: str, redis: Redis, open_publisher: Opener
) -> None:
    publisher, published = open_publisher(f"{redis_url}/short?length=500"), events(2000)
    for first in range(0, 2000, 100):
        publisher.publish(published[first : first + 100])
    stored = ids_on(redis, "short")
    assert 500 <= len(stored) < 700
    assert stored == [str(event.id) for event in published[-len(stored) :]]


def test_two_streams_of_one_redis_are_separate(redis_url: str, redis: Redis, open_publisher: Opener) -> None:
    one, other = events(2)
    open_publisher(f"{redis_url}/one").publish([one])
    open_publisher(f"{redis_url}/other").publish([other])
    assert (ids_on(redis, "one"), ids_on(redis, "other")) == ([str(one.id)], [str(other.id)])


def test_a_service_publishes_every_event_to_every_stream_of_its_settings(redis_url: str, redis: Redis) -> None:
    urls = [redis_url, f"{redis_url}/audit?length=9"]
    with open_service(Settings(store="memory://", password=PasswordSettings(cost=4), events=urls)) as service:
        service.subscribe()
        service.bus.handle(registration())
        service.deliver_all()
        names = [subscriber.name for subscriber in service.subscribers[-2:]]
    assert names == [f"{redis_url}/{stream}" for stream in (STREAM, "audit")]
    assert len(ids_on(redis)) == 2
    assert ids_on(redis) == ids_on(redis, "audit")


def test_it_connects_at_first_use_and_may_be_closed_twice(open_publisher: Opener) -> None:
    publisher = open_publisher(f"redis://127.0.0.1:{free_port()}")
    publisher.close()
    publisher.close()


@pytest.mark.parametrize(
    ("url", "name", "length"),
    [
        ("redis://h", "redis://h:6379/0/hexaccount.events", 100_000),
        ("redis://h:6379/0", "redis://h:6379/0/hexaccount.events", 100_000),
        ("redis://h:06379/00?length=5", "redis://h:6379/0/hexaccount.events", 5),
        ("redis://h/0/hexaccount.events?length=7", "redis://h:6379/0/hexaccount.events", 7),
        ("redis://:secret@h:7/1/audit", "redis://h:7/1/audit", 100_000),
        ("rediss://u:secret@[::1]/3/a:b-c_d.e", "rediss://[::1]:6379/3/a:b-c_d.e", 100_000),
    ],
)
def test_equivalent_urls_give_one_name(url: str, name: str, length: int) -> None:
    stream = RedisStream.of(url)
    assert (stream.name, stream.length) == (name, length)
    RedisStreamPublisher(stream).close()
