from dataclasses import dataclass, field

import pytest

from hexaccount_granian.environ import build_environ, split_address
from hexaccount_granian.errors import RequestRejected


@dataclass
class FakeHeaders:
    pairs: list[tuple[str, str]] = field(default_factory=lambda: [("host", "here")])
    withheld: tuple[str, ...] = ()

    def get(self, key: str, default: str | None = None) -> str | None:
        return dict(self.pairs).get(key, default)

    def keys(self) -> list[str]:
        return [*dict(self.pairs), *self.withheld]

    def items(self) -> list[tuple[str, str]]:
        return self.pairs


@dataclass
class FakeScope:
    http_version: str = "1.1"
    server: str = "127.0.0.1:8000"
    client: str = "127.0.0.1:50000"
    scheme: str = "http"
    method: str = "GET"
    path: str = "/"
    query_string: str = ""
    authority: str | None = None
    headers: FakeHeaders = field(default_factory=FakeHeaders)


def with_headers(*pairs: tuple[str, str]) -> FakeScope:
    host = [] if any(name == "host" for name, _ in pairs) else [("host", "here")]
    return FakeScope(headers=FakeHeaders([*host, *pairs]))


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:80", ("127.0.0.1", "80")),
        ("[::1]:8000", ("::1", "8000")),
        ("[2001:db8::7]:1", ("2001:db8::7", "1")),
        ("[::ffff:10.0.0.1]:9", ("10.0.0.1", "9")),
    ],
)
def test_addresses_are_split(address: str, parts: tuple[str, str]) -> None:
    assert split_address(address) == parts


def test_a_path_is_carried_as_the_latin1_characters_of_its_bytes() -> None:
    environ = build_environ(FakeScope(path="/a b/é/100%", query_string="q=%C3%A9"), b"")
    assert environ["PATH_INFO"] == "/a b/Ã©/100%"
    assert environ["QUERY_STRING"] == "q=%C3%A9"
    assert environ["REQUEST_URI"] == environ["RAW_URI"] == "/a%20b/%C3%A9/100%25?q=%C3%A9"


def test_repeated_headers_are_joined_cookies_as_cookies_are() -> None:
    environ = build_environ(
        with_headers(("accept", "a/b"), ("cookie", "a=1"), ("accept", "c/d"), ("cookie", "b=2")), b""
    )
    assert environ["HTTP_ACCEPT"] == "a/b,c/d"
    assert environ["HTTP_COOKIE"] == "a=1;b=2"


def test_a_header_that_imitates_one_of_a_proxy_is_dropped() -> None:
    environ = build_environ(
        with_headers(("x_forwarded_for", "6.6.6.6"), ("x-forwarded_for", "6.6.6.6"), ("proxy", "http://evil")), b""
    )
    assert {name for name in environ if name.startswith("HTTP_")} == {"HTTP_HOST"}


def test_framing_headers_are_replaced_by_the_length_of_the_body() -> None:
    environ = build_environ(
        with_headers(("transfer-encoding", "chunked"), ("content-length", "9"), ("content-type", "text/plain")), b"abc"
    )
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["wsgi.input"].read() == b"abc"
    assert environ["wsgi.input_terminated"] is True
    assert {name for name in environ if name.startswith("HTTP_")} == {"HTTP_HOST"}


def test_two_hosts_are_rejected() -> None:
    with pytest.raises(RequestRejected, match="Host") as rejected:
        build_environ(with_headers(("host", "a"), ("host", "b")), b"")
    assert rejected.value.status == 400


def test_a_request_of_http_1_1_without_a_host_is_rejected() -> None:
    with pytest.raises(RequestRejected, match="Host") as rejected:
        build_environ(FakeScope(headers=FakeHeaders([])), b"")
    assert rejected.value.status == 400
    assert "HTTP_HOST" not in build_environ(FakeScope(http_version="1", headers=FakeHeaders([])), b"")


@pytest.mark.parametrize("host", ["", "a b", "a/b", "a@b", "a?b", "a:b", "a:80:81", "[::1", "::1", "<script>", "a#b"])
def test_a_malformed_host_is_rejected(host: str) -> None:
    with pytest.raises(RequestRejected, match="host name or address") as rejected:
        build_environ(with_headers(("host", host)), b"")
    assert rejected.value.status == 400
    scope = with_headers(("host", "here"))
    scope.authority = host or None
    if host:
        with pytest.raises(RequestRejected):
            build_environ(scope, b"")


@pytest.mark.parametrize(
    "host", ["a", "a.example:8000", "192.0.2.1", "[2001:db8::1]:443", "a_b", "xn--bcher-kva.example."]
)
def test_a_host_is_kept_as_it_came(host: str) -> None:
    assert build_environ(with_headers(("host", host)), b"")["HTTP_HOST"] == host


def test_the_host_of_an_absolute_url_overrides_the_host_header() -> None:
    scope = with_headers(("host", "a"))
    scope.authority = "b:81"
    assert build_environ(scope, b"")["HTTP_HOST"] == "b:81"


def test_header_values_beyond_ascii_are_carried_as_latin1() -> None:
    assert build_environ(with_headers(("x-name", "Zoë €")), b"")["HTTP_X_NAME"].encode("latin-1").decode() == "Zoë €"


@pytest.mark.parametrize(("version", "protocol"), [("1", "HTTP/1.0"), ("1.1", "HTTP/1.1"), ("2", "HTTP/2")])
def test_the_protocol_is_named_as_http_names_it(version: str, protocol: str) -> None:
    assert build_environ(FakeScope(http_version=version), b"")["SERVER_PROTOCOL"] == protocol
