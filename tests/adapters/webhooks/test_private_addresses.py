"""Nothing is sent into a network of somebody's own, whatever a name says it is and whenever it says so."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_webhooks import WebhookPublisher
from tests.adapters.told_events import A_MOMENT, an_event
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
    """Give a function that has the system resolve every name to the addresses given, look-up by look-up."""

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
    """Have the network lead connections to a public address to this machine; return where connections were tried."""
    tried: list[Any] = []
    connect = socket.socket.connect

    def connect_elsewhere(self: socket.socket, place: Any) -> None:
        tried.append(place[0])
        connect(self, ("127.0.0.1", place[1]) if place[0] == PUBLIC else place)

    monkeypatch.setattr(socket.socket, "connect", connect_elsewhere)
    return tried


def refusal(publisher: WebhookPublisher) -> str:
    with pytest.raises(ReceiverUnavailable) as refused:
        publisher.publish([an_event(time=NOW)])
    return str(refused.value)


def test_a_name_of_this_machine_is_refused_and_nothing_is_connected(secure_receiver: Receiver) -> None:
    told = refusal(webhook(f"https://localhost:{secure_receiver.port}/hook", allow_private=False))
    assert told == (
        "the webhook crm at localhost cannot be reached: its address is not one of the internet; set allow_private if "
        "that is meant"
    )
    assert (secure_receiver.connections, secure_receiver.requests) == (0, [])


def test_a_name_of_this_machine_is_taken_where_the_settings_allow_it(secure_receiver: Receiver) -> None:
    webhook(f"https://localhost:{secure_receiver.port}/hook").publish([an_event()])
    assert len(secure_receiver.requests) == 1


@pytest.mark.parametrize("number", ["2130706433", "0x7f.1", "127.1", "017700000001"])
def test_a_number_that_stands_for_this_machine_is_refused(secure_receiver: Receiver, number: str) -> None:
    assert "set allow_private" in refusal(webhook(f"https://{number}:{secure_receiver.port}", allow_private=False))
    assert secure_receiver.connections == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "fe80::1"])
def test_a_name_that_leads_to_a_private_address_is_refused(
    secure_receiver: Receiver, names: Callable[..., None], routes: list[Any], address: str
) -> None:
    names([address])
    assert "set allow_private" in refusal(webhook(f"https://{NAME}:{secure_receiver.port}", allow_private=False))
    assert routes == []


def test_a_name_that_is_rebound_between_two_attempts_is_refused_at_the_second(
    secure_receiver: Receiver, names: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    names([PUBLIC], ["127.0.0.1"])
    publisher = webhook(f"https://{NAME}:{secure_receiver.port}", allow_private=False)
    monkeypatch.setattr(socket.socket, "connect", refuse_connection)
    assert "Connection refused" in refusal(publisher)
    monkeypatch.undo()
    names(["127.0.0.1"])
    assert "set allow_private" in refusal(publisher)
    assert secure_receiver.connections == 0


def refuse_connection(_self: socket.socket, _place: Any) -> None:
    raise ConnectionRefusedError(111, "Connection refused")


def test_who_answers_for_a_public_address_is_looked_at_before_anything_is_sent(
    secure_receiver: Receiver, names: Callable[..., None], routes: list[Any]
) -> None:
    names([PUBLIC])
    publisher = webhook(f"https://{NAME}:{secure_receiver.port}", allow_private=False)
    assert "set allow_private" in refusal(publisher)
    assert (routes, secure_receiver.requests) == ([PUBLIC], [])


def test_a_name_is_looked_up_once_for_an_attempt(
    secure_receiver: Receiver, names: Callable[..., None], routes: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "getpeername", lambda _self: (PUBLIC, 443))
    names([PUBLIC], ["127.0.0.1"])
    webhook(f"https://{NAME}:{secure_receiver.port}", allow_private=False).publish([an_event()])
    assert routes == [PUBLIC]
    assert len(secure_receiver.requests) == 1


def test_all_addresses_that_are_allowed_are_tried(
    secure_receiver: Receiver, names: Callable[..., None], routes: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "getpeername", lambda _self: (PUBLIC, 443))
    names(["10.0.0.1", "::1", PUBLIC])
    webhook(f"https://{NAME}:{secure_receiver.port}", allow_private=False).publish([an_event()])
    assert routes == [PUBLIC]


def test_the_reasons_of_all_addresses_are_told_once(names: Callable[..., None]) -> None:
    names(["127.0.0.2", "127.0.0.1"])
    assert refusal(webhook(f"http://{NAME}:{free_port()}")).endswith("cannot be reached: Connection refused")
