"""A Redis that is down, refuses or is not trusted: events wait, and errors name the remedy and no secret."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from redis import Redis

from hexaccount_redis import RedisStream, RedisStreamPublisher
from tests.adapters.redis.streams import STREAM, Opener, ids_on, reason
from tests.adapters.sample_events import an_event, events
from tests.servers.authority import Authority
from tests.servers.ports import free_port
from tests.servers.redis import RedisServer, client


def test_a_restart_of_the_server_is_no_failure(flaky_redis: RedisServer, open_publisher: Opener) -> None:
    publisher, published = open_publisher(flaky_redis.url), events(2)
    publisher.publish(published[:1])
    flaky_redis.restart()
    publisher.publish(published[1:])
    with client(flaky_redis.url) as redis:
        assert ids_on(redis) == [str(published[1].id)]


def test_after_an_outage_the_publisher_continues(flaky_redis: RedisServer, open_publisher: Opener) -> None:
    publisher, published = open_publisher(flaky_redis.url), events(2)
    publisher.publish(published[:1])
    flaky_redis.kill()
    assert (
        reason(publisher)
        == f"redis://127.0.0.1:{flaky_redis.port}/0/{STREAM} accepts no events: Redis cannot be reached"
    )
    flaky_redis.start()
    publisher.publish(published)
    with client(flaky_redis.url) as redis:
        assert ids_on(redis) == [str(event.id) for event in published]


def test_a_server_that_hangs_is_unavailable_after_the_timeout(
    flaky_redis: RedisServer, open_publisher: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hexaccount_redis.stream_publisher._TIMEOUT", 0.2)
    publisher = open_publisher(flaky_redis.url)
    publisher.publish(events(1))
    flaky_redis.pause()
    assert "Redis did not answer within 0.2 s" in reason(publisher)
    flaky_redis.resume()


def test_a_key_that_is_no_stream_is_reported_with_the_remedy(
    redis_url: str, redis: Redis, open_publisher: Opener
) -> None:
    redis.set(STREAM, "something else")
    assert reason(open_publisher(redis_url)).endswith(
        "Redis answers WRONGTYPE; the key holds something else; name another stream"
    )
    assert redis.get(STREAM) == "something else"


def test_a_full_server_stores_all_of_a_batch_or_nothing(flaky_redis: RedisServer, open_publisher: Opener) -> None:
    publisher = open_publisher(flaky_redis.url)
    with client(flaky_redis.url) as redis:
        held = redis.xlen(STREAM)
        redis.config_set("maxmemory", 1)
        assert reason(publisher).endswith("Redis answers OOM; raise maxmemory, or lower length")
        redis.config_set("maxmemory", 0)
        assert redis.xlen(STREAM) == held


def test_a_replica_is_reported(flaky_redis: RedisServer, open_publisher: Opener) -> None:
    with client(flaky_redis.url) as redis:
        redis.replicaof("127.0.0.1", free_port())
        try:
            assert "READONLY; name the primary" in reason(open_publisher(flaky_redis.url))
        finally:
            redis.replicaof("NO", "ONE")


def test_a_missing_permission_is_named(flaky_redis: RedisServer, open_publisher: Opener) -> None:
    with client(flaky_redis.url) as redis:
        redis.acl_setuser(
            "restricted", enabled=True, passwords=["+a-poor-password"], keys=["other"], categories=["+@all"]
        )
        url = flaky_redis.url.replace("//", "//restricted:a-poor-password@")
        assert "NOPERM; grant the user +multi +exec +xadd +type, and ~ with" in reason(open_publisher(url))
        redis.execute_command(
            "ACL", "SETUSER", "restricted", "-@all", *["+multi", "+exec", "+xadd", "+type"], f"~{STREAM}"
        )
    publisher = open_publisher(url)
    publisher.check()
    publisher.publish([an_event()])


def test_a_password_is_used_and_never_shown(flaky_redis: RedisServer, open_publisher: Opener) -> None:
    password, wrong = "p%40ss%2Fword-of-this-test", "wr%40ng-word-of-this-test"
    with client(flaky_redis.url) as redis:
        redis.acl_setuser("writer", enabled=True, passwords=["+p@ss/word-of-this-test"], keys=["*"], commands=["+@all"])
    right = open_publisher(flaky_redis.url.replace("//", f"//writer:{password}@"))
    right.publish(events(1))
    error = reason(open_publisher(flaky_redis.url.replace("//", f"//writer:{wrong}@")))
    assert error.endswith("Redis rejects the user or the password; correct them in the setting events")
    assert "writer" not in error
    assert "writer" not in repr(RedisStream.of(flaky_redis.url.replace("//", f"//writer:{password}@")))


@contextmanager
def encrypting(url: str, certificate: ssl.SSLContext) -> Iterator[str]:
    """Yield the URL of a TLS proxy in front of a server."""
    _, _, port = url.rpartition("/")[0].rpartition(":")

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            try:
                plain, _ = proxy.accept()
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

    with socket.create_server(("127.0.0.1", 0)) as proxy:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"rediss://localhost:{proxy.getsockname()[1]}"
        proxy.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_with_tls_a_server_must_prove_its_identity(
    redis_url: str, redis: Redis, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with encrypting(redis_url, authority.certificate_for("localhost")) as url:
        untrusting = RedisStreamPublisher(RedisStream.of(url))
        assert reason(untrusting).endswith(
            "TLS failed; the certificate of Redis must be for this host and from a trusted authority"
        )
        untrusting.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        trusting = RedisStreamPublisher(RedisStream.of(url))
        trusting.publish(events(3))
        trusting.close()
    with encrypting(redis_url, authority.certificate_for("elsewhere.example")) as url:
        other = RedisStreamPublisher(RedisStream.of(url))
        assert "TLS failed; the certificate of Redis must be for this host" in reason(other)
        other.close()
    assert redis.xlen(STREAM) == 3
