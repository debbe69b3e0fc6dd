"""TLS and SASL; a listener replaces the broker of the tests, which supports neither."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Producer

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_kafka import KafkaPublisher, KafkaSecurity, KafkaTopic, producer
from tests.adapters.sample_events import interleaved
from tests.servers.authority import Authority

SECRET = "a confidential password"


@contextmanager
def listening(context: ssl.SSLContext) -> Iterator[tuple[KafkaTopic, list[bytes]]]:
    """Yield a topic whose broker only accepts connections, and the first bytes of each connection over TLS."""
    received: list[bytes] = []

    def listen(server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    received.append(secured.recv(1000))
            except OSError:
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = threading.Thread(target=listen, args=(server,))
        listener.start()
        yield KafkaTopic(f"127.0.0.1:{server.getsockname()[1]}", "events"), received
        server.shutdown(socket.SHUT_RDWR)
    listener.join(5)


def attempt(topic: KafkaTopic, security: KafkaSecurity) -> str:
    publisher = KafkaPublisher(topic, security)
    with pytest.raises(ReceiverUnavailable) as raised:
        publisher.publish(interleaved(1, 1))
    publisher.close()
    return str(raised.value)


@pytest.fixture(autouse=True)
def _short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer, "DELIVERY_TIMEOUT", 1.0)


def test_a_broker_with_a_trusted_certificate_gets_requests(authority: Authority) -> None:
    with listening(authority.certificate_for("127.0.0.1")) as (topic, received):
        attempt(topic, KafkaSecurity(protocol="ssl", ca=str(authority.file)))
    assert b"hexaccount" in received[0], "the header of a request names the client"


def test_a_broker_of_another_authority_gets_nothing(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path)
    with listening(authority.certificate_for("127.0.0.1")) as (topic, received):
        error = attempt(topic, KafkaSecurity(protocol="ssl", ca=str(other.file)))
        error_without_ca = attempt(topic, KafkaSecurity(protocol="ssl"))
    assert received == []
    assert "certificate verify failed" in error
    assert "kafka.ssl_ca" in error
    assert "certificate verify failed" in error_without_ca


def test_a_broker_that_requires_a_client_certificate_gets_it(authority: Authority) -> None:
    context = authority.certificate_for("127.0.0.1")
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    certificate, key = authority.pair("hexaccount")
    with listening(context) as (topic, received):
        attempt(topic, KafkaSecurity(protocol="ssl", ca=str(authority.file)))
        assert b"hexaccount" not in b"".join(received)
        attempt(topic, KafkaSecurity(protocol="ssl", ca=str(authority.file), certificate=certificate, key=key))
    assert b"hexaccount" in b"".join(received)


def test_tls_to_a_broker_without_it_names_the_setting(kafka_server: str) -> None:
    error = attempt(KafkaTopic.of(f"{kafka_server}/events"), KafkaSecurity(protocol="ssl"))
    assert "set kafka.security_protocol to the protocol of the brokers" in error


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["sasl_plaintext", "sasl_ssl"])
def test_a_producer_can_be_made_with_every_mechanism(authority: Authority, protocol: str, mechanism: str) -> None:
    security = KafkaSecurity(
        protocol=protocol,
        mechanism=mechanism,
        username="hexaccount",
        password=SECRET,
        ca=str(authority.file) if protocol == "sasl_ssl" else None,
    )
    properties = security.properties()
    assert (properties["security.protocol"], properties["sasl.mechanism"]) == (protocol, mechanism)
    assert (properties["sasl.username"], properties["sasl.password"]) == ("hexaccount", SECRET)
    Producer({"bootstrap.servers": "127.0.0.1:1", **properties, "log_level": 0})
    with pytest.raises(KafkaException, match="Unsupported SASL mechanism"):
        Producer({"bootstrap.servers": "127.0.0.1:1", **properties, "sasl.mechanism": "NONE", "log_level": 0})


def test_passwords_are_not_shown() -> None:
    security = KafkaSecurity(password=SECRET, key_password=SECRET)
    assert SECRET not in repr(security)


def test_invalid_properties_are_reported_at_first_use(tmp_path: Path) -> None:
    publisher = KafkaPublisher(
        KafkaTopic.of("kafka://127.0.0.1/events"), KafkaSecurity(protocol="ssl", ca=f"{tmp_path}/gone.pem")
    )
    with pytest.raises(ReceiverUnavailable, match=r"a producer for Kafka cannot be created: .*ssl\.ca\.location"):
        publisher.publish(interleaved(1, 1))
