import pytest

from hexaccount.kernel.host import is_host


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a.example:8000",
        "192.0.2.1",
        "[2001:db8::1]:443",
        "a_b",
        "xn--bcher-kva.example.",
        "a:0",
        "a:65535",
        "[::1]",
    ],
)
def test_a_name_or_an_address_with_or_without_a_port_is_a_host(text: str) -> None:
    assert is_host(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "a..b", ".a", "a..", "a b", "a/b", "a@b", "a?b", "a#b", "a%41", "bücher.example", "a\n"),
        *("a:", "a:b", "a:80:81", "a:65536", "a:99999", ":80", "[::1", "::1", "[]", "[1.2.3.4]", "[fe80::1%eth0]"),
        "a" * 400,
    ],
)
def test_anything_else_is_no_host(text: str) -> None:
    assert not is_host(text)
