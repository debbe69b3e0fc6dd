"""No request reaches a private network, whatever a name resolves to and whenever it changes."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_webhooks import WebhookPublisher
from tests.adapters.sample_events import A_MOMENT, an_event
from tests.adapters.webhooks.receivers import Receiver, receiving
from tests.adapters.webhooks.sending import webhook
from tests.servers.authority import Authority
from tests.servers.ports import free_port

NAME = "crm.example.org"
PUBLIC = "93.184.216.34"
NOW = A_MOMENT.replace(year=9999)


@pytest.fixture
def secure_receiver(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with receiving(authority.certificate_for(NAME, "localhost", "127.0.0.1")) as receiver:
        yield receiver


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets the addresses that successive DNS lookups find, for every name."""

    def resolve(*answers: list[str]) -> None:
        remaining = list(answers)

        def getaddrinfo(_host: str, port: int, **_: Any) -> list[Any]:
            found = remaining.pop(0) if len(remaining) > 1 else remaining[0]
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
                if ":" in address
                else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in found
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return resolve


@pytest.fixture
def routes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Redirect connections to PUBLIC to this machine; return the addresses of all attempts."""
    attempted: list[Any] = []
    connect = socket.socket.connect

    def redirect(self: socket.socket, address: Any) -> None:
        attempted.append(address[0])
        connect(self, ("127.0.0.1", address[1]) if address[0] == PUBLIC else address)

    monkeypatch.setattr(socket.socket, "connect", redirect)
    return attempted


def error_of(publisher: WebhookPublisher) -> str:
    with pytest.raises(ReceiverUnavailable) as raised:
        publisher.publish([an_event(time=NOW)])
    return str(raised.value)


def test_localhost_is_refused_without_a_connection(secure_receiver: Receiver) -> None:
    error = error_of(webhook(f"https://localhost:{secure_receiver.port}/hook", allow_private=False))
    assert error == (
        "the webhook crm at localhost cannot be reached: its address is private; set allow_private if that is intended"
    )
    assert (secure_receiver.connections, secure_receiver.requests) == (0, [])


def test_localhost_is_accepted_with_allow_private(secure_receiver: Receiver) -> None:
    webhook(f"https://localhost:{secure_receiver.port}/hook").publish([an_event()])
    assert len(secure_receiver.requests) == 1


@pytest.mark.parametrize("number", ["2130706433", "0x7f.1", "127.1", "017700000001"])
def test_other_notations_of_the_loopback_address_are_refused(secure_receiver: Receiver, number: str) -> None:
    assert "set allow_private" in error_of(webhook(f"https://{number}:{secure_receiver.port}", allow_private=False))
    assert secure_receiver.connections == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "fe80::1"])
def test_a_name_that_resolves_to_a_private_address_is_refused(
    secure_receiver: Receiver, names: Callable[..., None], routes: list[Any], address: str
) -> None:
    names([address])
    assert "set allow_private" in error_of(webhook(f"https://{NAME}:{secure_receiver.port}", allow_private=False))
    assert routes == []


def test_dns_rebinding_between_two_attempts_is_refused_at_the_second(
    secure_receiver: Receiver, names: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    names([PUBLIC], ["127.0.0.1"])
    publisher = webhook(f"https://{NAME}:{secure_receiver.port}", allow_private=False)
    monkeypatch.setattr(socket.socket, "connect", refuse_connection)
    assert "Connection refused" in error_of(publisher)
    monkeypatch.undo()
    names(["127.0.0.1"])
    assert "set allow_private" in error_of(publisher)
    assert secure_receiver.connections == 0


def refuse_connection(_self: socket.socket, _address: Any) -> None:
    raise ConnectionRefusedError(111, "Connection refused")


def test_the_address_of_the_peer_is_checked_before_anything_is_sent(
    secure_receiver: Receiver, names: Callable[..., None], routes: list[Any]
) -> None:
    names([PUBLIC])
    publisher = webhook(f"https://{NAME}:{secure_receiver.port}", allow_private=False)
    assert "set allow_private" in error_of(publisher)
    assert (routes, secure_receiver.requests) == ([PUBLIC], [])


def test_a_name_is_resolved_once_per_attempt(
    secure_receiver: Receiver, names: Callable[..., None], routes: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "getpeername", lambda _self: (PUBLIC, 443))
    names([PUBLIC], ["127.0.0.1"])
    webhook(f"https://{NAME}:{secure_receiver.port}", allow_private=False).publish([an_event()])
    assert routes == [PUBLIC]
    assert len(secure_receiver.requests) == 1


def test_disallowed_addresses_are_skipped(
    secure_receiver: Receiver, names: Callable[..., None], routes: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "getpeername", lambda _self: (PUBLIC, 443))
    names(["10.0.0.1", "::1", PUBLIC])
    webhook(f"https://{NAME}:{secure_receiver.port}", allow_private=False).publish([an_event()])
    assert routes == [PUBLIC]


def test_equal_errors_of_several_addresses_are_reported_once(names: Callable[..., None]) -> None:
    names(["127.0.0.2", "127.0.0.1"])
    assert error_of(webhook(f"http://{NAME}:{free_port()}")).endswith("cannot be reached: Connection refused")
