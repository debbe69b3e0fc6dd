"""How brokers are known, and we to them: the broker of the tests has no TLS and no passwords, a listener stands in."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Producer

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_kafka import KafkaPublisher, KafkaSecurity, KafkaTopic
from hexaccount_kafka import link as links
from tests.adapters.kafka.authority import Authority
from tests.adapters.kafka.events import crowd

SECRET = "not for anybody else's eyes"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextmanager
def listening(context: ssl.SSLContext) -> Iterator[tuple[KafkaTopic, list[bytes]]]:
    """Give a topic whose broker only takes connections, and the first words that it was sent over TLS."""
    heard: list[bytes] = []

    def listen(door: socket.socket) -> None:
        while True:
            try:
                connection, _ = door.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    heard.append(secured.recv(1000))
            except OSError:
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as door:
        listener = threading.Thread(target=listen, args=(door,))
        listener.start()
        yield KafkaTopic(f"127.0.0.1:{door.getsockname()[1]}", "events"), heard
        door.shutdown(socket.SHUT_RDWR)
    listener.join(5)


def server_side(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.pair("broker"))
    return context


def attempt(topic: KafkaTopic, security: KafkaSecurity) -> str:
    publisher = KafkaPublisher(topic, security)
    with pytest.raises(ReceiverUnavailable) as refusal:
        publisher.publish(crowd(1, 1))
    publisher.close()
    return str(refusal.value)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "PATIENCE", 1.0)


def test_a_broker_of_the_authority_is_spoken_to_over_tls(authority: Authority) -> None:
    with listening(server_side(authority)) as (topic, heard):
        attempt(topic, KafkaSecurity(protocol="ssl", ca=authority.ca))
    assert b"hexaccount" in heard[0], "the header of a request names the client"


def test_a_broker_of_another_authority_is_told_nothing(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.folder.mkdir()
    with listening(server_side(authority)) as (topic, heard):
        told = attempt(topic, KafkaSecurity(protocol="ssl", ca=other.ca))
        told_of_none = attempt(topic, KafkaSecurity(protocol="ssl"))
    assert heard == []
    assert "certificate verify failed" in told
    assert "kafka.ssl_ca" in told
    assert "certificate verify failed" in told_of_none


def test_a_broker_that_wants_a_certificate_gets_ours(authority: Authority) -> None:
    context = server_side(authority)
    context.load_verify_locations(authority.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    certificate, key = authority.pair("hexaccount")
    with listening(context) as (topic, heard):
        attempt(topic, KafkaSecurity(protocol="ssl", ca=authority.ca))
        assert b"hexaccount" not in b"".join(heard)
        attempt(topic, KafkaSecurity(protocol="ssl", ca=authority.ca, certificate=certificate, key=key))
    assert b"hexaccount" in b"".join(heard)


def test_tls_where_the_broker_speaks_none_is_told_by_the_setting(kafka_server: str) -> None:
    told = attempt(KafkaTopic.of(f"{kafka_server}/events"), KafkaSecurity(protocol="ssl"))
    assert "set kafka.security_protocol to what the brokers speak" in told


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["sasl_plaintext", "sasl_ssl"])
def test_a_producer_can_be_made_with_every_mechanism(authority: Authority, protocol: str, mechanism: str) -> None:
    security = KafkaSecurity(
        protocol=protocol,
        mechanism=mechanism,
        username="hexaccount",
        password=SECRET,
        ca=authority.ca if protocol == "sasl_ssl" else None,
    )
    told = security.properties()
    assert (told["security.protocol"], told["sasl.mechanism"]) == (protocol, mechanism)
    assert (told["sasl.username"], told["sasl.password"]) == ("hexaccount", SECRET)
    Producer({"bootstrap.servers": "127.0.0.1:1", **told, "log_level": 0})
    with pytest.raises(KafkaException, match="Unsupported SASL mechanism"):
        Producer({"bootstrap.servers": "127.0.0.1:1", **told, "sasl.mechanism": "NONE", "log_level": 0})


def test_passwords_are_not_shown() -> None:
    security = KafkaSecurity(password=SECRET, key_password=SECRET)
    assert SECRET not in repr(security)


def test_what_no_producer_can_be_made_with_is_told_when_it_is_needed(tmp_path: Path) -> None:
    publisher = KafkaPublisher(
        KafkaTopic.of("kafka://127.0.0.1/events"), KafkaSecurity(protocol="ssl", ca=f"{tmp_path}/gone.pem")
    )
    with pytest.raises(ReceiverUnavailable, match=r"a producer for Kafka cannot be made: .*ssl\.ca\.location"):
        publisher.publish(crowd(1, 1))
