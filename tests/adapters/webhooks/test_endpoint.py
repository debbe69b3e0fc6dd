import pytest

from hexaccount_webhooks import Endpoint


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://crm.example.org", "crm.example.org", 443, "/", "crm.example.org"),
        ("https://crm.example.org:443/hook", "crm.example.org", 443, "/hook", "crm.example.org"),
        ("https://crm.example.org:8443?key=a%20b", "crm.example.org", 8443, "/?key=a%20b", "crm.example.org:8443"),
        ("https://[2606:4700::1]/", "2606:4700::1", 443, "/", "[2606:4700::1]"),
        ("https://xn--bcher-kva.example/~a/b;c?d=(e)", "xn--bcher-kva.example", 443, "/~a/b;c?d=(e)", None),
    ],
)
def test_a_url_gives_host_port_and_target(url: str, host: str, port: int, target: str, authority: str | None) -> None:
    endpoint = Endpoint.of(url)
    assert (endpoint.host, endpoint.port, endpoint.target) == (host, port, target)
    assert endpoint.authority == (authority or host)


def test_the_default_port_of_http_is_80() -> None:
    endpoint = Endpoint.of("http://crm:80/", allow_private=True)
    assert (endpoint.is_secure, endpoint.port, endpoint.authority) == (False, 80, "crm")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "crm.example.org/hook",
        "ftp://crm.example.org",
        "HTTPS://crm.example.org",
        "https:///hook",
        "https://user:secret@crm.example.org",
        "https://crm.example.org/#fragment",
        "https://crm.example.org:0",
        "https://crm.example.org:65536",
        "https://crm.example.org:port",
        "https://crm.example.org/a b",
        "https://crm.example.org/a\r\nHost: b",
        "https://crm.example.org\\@b",
        "https://bücher.example",
        "https://[::1",
    ],
)
def test_an_invalid_url_is_rejected_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="write it as https://host/path") as raised:
        Endpoint.of(url, allow_private=True)
    assert "secret" not in str(raised.value)


def test_http_is_rejected_unless_private_addresses_are_allowed() -> None:
    with pytest.raises(ValueError, match="write https://, or set allow_private"):
        Endpoint.of("http://crm.example.org")


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]"])
def test_a_private_address_is_rejected_unless_allowed(host: str) -> None:
    with pytest.raises(ValueError, match="set allow_private if that is intended"):
        Endpoint.of(f"https://{host}/hook")
    assert Endpoint.of(f"https://{host}/hook", allow_private=True).authority == host
