"""A receiver must prove its identity before anything is sent."""

from pathlib import Path

import pytest

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_webhooks import connection
from tests.adapters.sample_events import A_MOMENT, an_event
from tests.adapters.webhooks.receivers import Receiver, misbehaving, receiving
from tests.adapters.webhooks.sending import webhook
from tests.servers.authority import Authority

NOW = A_MOMENT.replace(year=9999)


@pytest.fixture(autouse=True)
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


def error_of(url: str) -> str:
    with pytest.raises(ReceiverUnavailable) as raised:
        webhook(url).publish([an_event(time=NOW)])
    return str(raised.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_receiver_with_a_certificate_for_its_name_gets_events(authority: Authority, host: str) -> None:
    with receiving(authority.certificate_for(host)) as receiver:
        webhook(f"https://{host}:{receiver.port}/hook").publish([an_event()])
        assert receiver.requests[0].verified()


def test_a_certificate_for_another_name_is_refused(authority: Authority) -> None:
    with receiving(authority.certificate_for("elsewhere.example")) as receiver:
        error = error_of(f"https://localhost:{receiver.port}/hook")
        assert "its certificate is not trusted (Hostname mismatch" in error
        assert receiver.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    with receiving(Authority(tmp_path, "Another authority").certificate_for("localhost")) as receiver:
        error = error_of(f"https://localhost:{receiver.port}/hook")
        assert "its certificate is not trusted (unable to get local issuer certificate)" in error
        assert receiver.requests == []


def test_a_receiver_without_tls_gets_nothing(receiver: Receiver) -> None:
    assert "TLS failed (" in error_of(f"https://localhost:{receiver.port}/hook")
    assert receiver.requests == []


def test_the_handshake_has_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT", 0.3)
    with misbehaving(lambda _connection, over: over.wait(10) and None) as port:
        assert "it did not accept a connection within 0.3 s" in error_of(f"https://127.0.0.1:{port}/hook")
