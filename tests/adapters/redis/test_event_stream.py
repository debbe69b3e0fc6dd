"""Events on a stream: in order, a batch whole or not at all, bounded, and without a word of secrets when it fails."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from redis import Redis

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.events.cloud_event import attributes_of
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_redis import RedisStreamPublisher, StreamPlace
from tests.adapters.told_events import an_event, events
from tests.application.people import registration
from tests.servers.authority import Authority
from tests.servers.ports import free_port
from tests.servers.redis import RedisServer, client

Opener = Callable[[str], RedisStreamPublisher]
STREAM = "hexaccount.events"


@pytest.fixture
def open_publisher() -> Iterator[Opener]:
    opened: list[RedisStreamPublisher] = []

    def open_it(url: str) -> RedisStreamPublisher:
        opened.append(RedisStreamPublisher(StreamPlace.of(url)))
        return opened[-1]

    yield open_it
    for publisher in opened:
        publisher.close()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with client(redis_url) as connection:
        yield connection


def ids_on(redis: Redis, stream: str = STREAM) -> list[str]:
    return [fields["id"] for _, fields in redis.xrange(stream)]


def reason(publisher: RedisStreamPublisher) -> str:
    with pytest.raises(ReceiverUnavailable) as away:
        publisher.publish(events(3))
    assert away.value.__cause__ is None
    return str(away.value)


def test_an_event_is_on_the_stream_attribute_by_attribute_with_its_data_as_json(
    redis_url: str, redis: Redis, open_publisher: Opener
) -> None:
    event = an_event()
    open_publisher(redis_url).publish([event])
    ((_, fields),) = redis.xrange(STREAM)
    assert json.loads(fields.pop("data")) == event.data
    assert fields == attributes_of(event)


def test_batches_follow_each_other_in_order(redis_url: str, redis: Redis, open_publisher: Opener) -> None:
    publisher, told = open_publisher(redis_url), events(250)
    for first in range(0, 250, 50):
        publisher.publish(told[first : first + 50])
    assert ids_on(redis) == [str(event.id) for event in told]


def test_the_batches_of_two_publishers_do_not_mix(redis_url: str, redis: Redis, open_publisher: Opener) -> None:
    batches = [[events(20) for _ in range(25)] for _ in range(2)]

    def publish(mine: list) -> None:
        publisher = open_publisher(redis_url)
        for batch in mine:
            publisher.publish(batch)

    threads = [threading.Thread(target=publish, args=(mine,)) for mine in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = ids_on(redis)
    whole = {tuple(str(event.id) for event in batch) for mine in batches for batch in mine}
    assert {tuple(found[first : first + 20]) for first in range(0, 1000, 20)} == whole


def test_a_consumer_group_reads_each_event_once_and_in_order(
    redis_url: str, redis: Redis, open_publisher: Opener
) -> None:
    redis.xgroup_create(STREAM, "mailer", id="0", mkstream=True)
    told = events(30)
    open_publisher(redis_url).publish(told)
    read: list[str] = []
    for consumer in ("one", "other", "one"):
        ((_, messages),) = redis.xreadgroup("mailer", consumer, {STREAM: ">"}, count=10)
        for message_id, fields in messages:
            assert json.loads(fields["data"])["changes"]["bio"].endswith("— Ærø ✿")
            read.append(fields["id"])
            redis.xack(STREAM, "mailer", message_id)
    assert read == [str(event.id) for event in told]
    assert redis.xreadgroup("mailer", "one", {STREAM: ">"}) in ([], {})
    assert redis.xpending(STREAM, "mailer")["pending"] == 0


def test_a_stream_keeps_about_as_many_events_as_its_length(
    redis_url: str, redis: Redis, open_publisher: Opener
) -> None:
    publisher, told = open_publisher(f"{redis_url}/short?length=500"), events(2000)
    for first in range(0, 2000, 100):
        publisher.publish(told[first : first + 100])
    kept = ids_on(redis, "short")
    assert 500 <= len(kept) < 700
    assert kept == [str(event.id) for event in told[-len(kept) :]]


def test_two_streams_of_one_redis_are_apart(redis_url: str, redis: Redis, open_publisher: Opener) -> None:
    one, other = events(2)
    open_publisher(f"{redis_url}/one").publish([one])
    open_publisher(f"{redis_url}/other").publish([other])
    assert (ids_on(redis, "one"), ids_on(redis, "other")) == ([str(one.id)], [str(other.id)])


def test_a_service_brings_every_event_to_every_stream_of_its_settings(redis_url: str, redis: Redis) -> None:
    urls = [redis_url, f"{redis_url}/audit?length=9"]
    with open_service(Settings(store="memory://", password=PasswordSettings(cost=4), events=urls)) as service:
        service.subscribe()
        service.bus.handle(registration())
        service.deliver_all()
        names = [subscriber.name for subscriber in service.subscribers[-2:]]
    assert names == [f"{redis_url}/{stream}" for stream in (STREAM, "audit")]
    assert len(ids_on(redis)) == 2
    assert ids_on(redis) == ids_on(redis, "audit")


def test_a_restart_of_the_server_is_no_failure(frail: RedisServer, open_publisher: Opener) -> None:
    publisher, told = open_publisher(frail.url), events(2)
    publisher.publish(told[:1])
    frail.restart()
    publisher.publish(told[1:])
    with client(frail.url) as redis:
        assert ids_on(redis) == [str(told[1].id)]


def test_without_a_server_events_wait_and_go_on_when_it_is_back(frail: RedisServer, open_publisher: Opener) -> None:
    publisher, told = open_publisher(frail.url), events(2)
    publisher.publish(told[:1])
    frail.kill()
    assert reason(publisher) == f"redis://127.0.0.1:{frail.port}/0/{STREAM} takes no events: Redis cannot be reached"
    frail.start()
    publisher.publish(told)
    with client(frail.url) as redis:
        assert ids_on(redis) == [str(event.id) for event in told]


def test_a_server_that_hangs_is_given_up(
    frail: RedisServer, open_publisher: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hexaccount_redis.event_stream._PATIENCE", 0.2)
    publisher = open_publisher(frail.url)
    publisher.publish(events(1))
    frail.pause()
    assert "Redis did not answer within 0.2 s" in reason(publisher)
    frail.resume()


def test_a_key_that_is_no_stream_is_told_with_the_remedy(redis_url: str, redis: Redis, open_publisher: Opener) -> None:
    redis.set(STREAM, "something else")
    told = reason(open_publisher(redis_url))
    assert told.endswith("refuses them with WRONGTYPE; the key holds something else; name another stream")
    assert redis.get(STREAM) == "something else"


def test_a_full_server_takes_all_of_a_batch_or_nothing(frail: RedisServer, open_publisher: Opener) -> None:
    publisher = open_publisher(frail.url)
    with client(frail.url) as redis:
        held = redis.xlen(STREAM)
        redis.config_set("maxmemory", 1)
        assert reason(publisher).endswith("refuses them with OOM; raise maxmemory, or lower length")
        redis.config_set("maxmemory", 0)
        assert redis.xlen(STREAM) == held


def test_a_replica_is_told_from_a_primary(frail: RedisServer, open_publisher: Opener) -> None:
    with client(frail.url) as redis:
        redis.replicaof("127.0.0.1", free_port())
        try:
            assert "READONLY; name the primary" in reason(open_publisher(frail.url))
        finally:
            redis.replicaof("NO", "ONE")


def test_a_user_without_the_right_to_write_is_told_what_to_grant(frail: RedisServer, open_publisher: Opener) -> None:
    with client(frail.url) as redis:
        redis.acl_setuser("poor", enabled=True, passwords=["+a-poor-password"], keys=["other"], categories=["+@all"])
    url = frail.url.replace("//", "//poor:a-poor-password@")
    assert "NOPERM; grant the user" in reason(open_publisher(url))


def test_a_password_is_used_and_never_told(frail: RedisServer, open_publisher: Opener) -> None:
    password, wrong = "p%40ss%2Fword-of-this-test", "wr%40ng-word-of-this-test"
    with client(frail.url) as redis:
        redis.acl_setuser("teller", enabled=True, passwords=["+p@ss/word-of-this-test"], keys=["*"], commands=["+@all"])
    right = open_publisher(frail.url.replace("//", f"//teller:{password}@"))
    right.publish(events(1))
    told = reason(open_publisher(frail.url.replace("//", f"//teller:{wrong}@")))
    assert told.endswith("Redis refuses the user or the password; correct them in the setting events")
    assert "teller" not in told
    assert "teller" not in repr(StreamPlace.of(frail.url.replace("//", f"//teller:{password}@")))


@contextmanager
def encrypting(url: str, certificate: ssl.SSLContext) -> Iterator[str]:
    """Give the URL of a door with TLS in front of a server, which has none."""
    _, _, port = url.rpartition("/")[0].rpartition(":")

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            try:
                plain, _ = door.accept()
            except OSError:
                return
            with (
                suppress(OSError),
                plain,
                certificate.wrap_socket(plain, server_side=True) as one,
                socket.create_connection(("127.0.0.1", int(port))) as other,
            ):
                answering = threading.Thread(target=copy, args=(other, one))
                answering.start()
                copy(one, other)
                answering.join()

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"rediss://localhost:{door.getsockname()[1]}"
        door.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_with_tls_a_server_must_prove_its_name(
    redis_url: str, redis: Redis, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with encrypting(redis_url, authority.certificate_for("localhost")) as url:
        stranger = RedisStreamPublisher(StreamPlace.of(url))
        assert reason(stranger).endswith("TLS failed; its certificate must be for this host, and one that we trust")
        stranger.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        known = RedisStreamPublisher(StreamPlace.of(url))
        known.publish(events(3))
        known.close()
    with encrypting(redis_url, authority.certificate_for("elsewhere.example")) as url:
        other = RedisStreamPublisher(StreamPlace.of(url))
        assert "TLS failed; its certificate must be for this host" in reason(other)
        other.close()
    assert redis.xlen(STREAM) == 3


def test_nothing_is_connected_before_it_is_used_and_closing_twice_is_fine(open_publisher: Opener) -> None:
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
def test_one_stream_has_one_name_however_it_is_written(url: str, name: str, length: int) -> None:
    place = StreamPlace.of(url)
    assert (place.name, place.length) == (name, length)
    RedisStreamPublisher(place).close()
