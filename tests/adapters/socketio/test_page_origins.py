"""Pages of which origins may open sockets: those that may read the responses over HTTP, and the service's own."""

from collections.abc import Sequence

import pytest

from hexaccount.bootstrap.service import Service
from tests.adapters.socketio.clients import Server, run

pytestmark = pytest.mark.long

OTHER = "https://app.example.org"
TRUSTED = ("192.0.2.0/24",)


def accepts(server: Server, origin: str, *headers: tuple[bytes, bytes], peer: str = "192.0.2.1") -> bool:
    """Return whether a page of an origin may open a socket at the host `here`; else it is denied with the reason."""
    accepted = []

    async def test(server: Server) -> None:
        client, serving = await server.open((b"origin", origin.encode()), *headers, peer=peer)
        accepted.append(bool(client.received))
        assert accepted[0] or (client.status, b'"origin_not_allowed"' in client.body) == (403, True)
        client.send_message("disconnect", code=1000)
        await serving

    run(server, test)
    return accepted[0]


@pytest.mark.parametrize("named", [(), (OTHER,)], ids=["no other", "another"])
def test_a_page_of_the_own_origin_may_connect_whatever_others_are_named(service: Service, named: Sequence[str]) -> None:
    assert accepts(Server(service.bus, cors_origins=named), "http://here")


@pytest.mark.parametrize("named", [OTHER, "HTTPS://App.Example.org", "*"])
def test_a_page_may_connect_whose_origin_may_read_responses_over_http(service: Service, named: str) -> None:
    assert accepts(Server(service.bus, cors_origins=[named]), OTHER)


@pytest.mark.parametrize("origin", ["https://evil.example", "https://here", "http://here:8000", "null", "http://there"])
def test_a_page_of_an_origin_that_is_not_named_may_not(service: Service, origin: str) -> None:
    assert not accepts(Server(service.bus, cors_origins=[OTHER]), origin)


@pytest.mark.parametrize(
    ("peer", "trusted", "accepted"),
    [("192.0.2.1", (), False), ("192.0.2.1", TRUSTED, True), ("203.0.113.9", TRUSTED, False)],
    ids=["no proxy is trusted", "a trusted proxy", "another peer"],
)
@pytest.mark.parametrize("scheme", [b"https", b"wss"])
def test_only_a_trusted_proxy_may_say_what_the_own_origin_is(
    service: Service, scheme: bytes, peer: str, trusted: tuple[str, ...], accepted: bool
) -> None:
    forwarded = (b"x-forwarded-host", b"page.example:443"), (b"X-Forwarded-Proto", scheme)
    server = Server(service.bus, trusted=trusted, cors_origins=[OTHER])
    assert accepts(server, "https://page.example", *forwarded, peer=peer) == accepted


def test_the_own_origin_is_also_that_of_the_public_url(service: Service) -> None:
    server = Server(service.bus, public_url="https://page.example/accounts", cors_origins=[OTHER])
    assert accepts(server, "https://page.example")
