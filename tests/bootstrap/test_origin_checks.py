"""What `http.cors_origins` takes: the origins of pages as browsers send them."""

import json

import pytest

from hexaccount.bootstrap.settings import SettingsError
from hexaccount.bootstrap.settings_loading import load_settings


def configured(origin: str) -> list[str]:
    """Return the setting that names one origin; raises SettingsError."""
    return load_settings(None, {"HEXACCOUNT_HTTP__CORS_ORIGINS": json.dumps([origin])}).http.cors_origins


@pytest.mark.parametrize(
    ("origin", "as_browsers_send_it"),
    [
        ("https://app.example.org/", "https://app.example.org"),
        ("https://app.example.org/page?a#b", "https://app.example.org"),
        ("https://app.example.org:443", "https://app.example.org"),
        ("https://app.example.org:", "https://app.example.org"),
        ("https://app.example.org:0443", "https://app.example.org"),
        ("http://app.example.org:80", "http://app.example.org"),
        ("http://app.example.org:08080", "http://app.example.org:8080"),
        ("http://user:pw@app.example.org", "http://app.example.org"),
        ("https://münchen.example", "https://xn--mnchen-3ya.example"),
        ("https://user:pw@MÜNCHEN.example:443/page", "https://xn--mnchen-3ya.example"),
        ("https://faß.example:8443", "https://xn--fa-hia.example:8443"),
        ("https://\uff41\uff50\uff50.example", "https://app.example"),
        ("http://[0:0::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_that_browsers_write_in_another_way_is_refused_with_that_way(
    origin: str, as_browsers_send_it: str
) -> None:
    with pytest.raises(SettingsError) as error:
        configured(origin)
    assert str(error.value).startswith(f"http.cors_origins: write it as {as_browsers_send_it}; browsers send it")
    assert configured(as_browsers_send_it) == [as_browsers_send_it]


@pytest.mark.parametrize(
    "origin",
    [
        "https://a b.example",
        "https://app.example.org:99999",
        "https://app.example.org:port",
        "https://app..example.org",
        "https://ä b.example",
        "https://",
        "https://127.1",
        "https://0x7f.0.0.1",
        "https://1.2.3.256",
        "https://[::g]",
        "ftp://app.example.org",
        "https://app.example.org,https://b.example.org",
    ],
)
def test_what_no_browser_sends_is_refused_with_an_example(origin: str) -> None:
    with pytest.raises(SettingsError, match=r"^http\.cors_origins: .* is not an origin; write it as https://app\."):
        configured(origin)


@pytest.mark.parametrize("origin", ["https://*.example.org", "https://*", "*.example.org"])
def test_a_pattern_is_refused_because_it_matches_no_origin(origin: str) -> None:
    with pytest.raises(SettingsError, match=r"^http\.cors_origins: .* is not an origin; name each host, without \*"):
        configured(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "HTTPS://App.Example.org",
        "http://localhost:3000",
        "http://127.0.0.1:8080",
        "https://my_app.example.org.",
        "https://xn--mnchen-3ya.example",
    ],
)
def test_an_origin_is_accepted_in_any_case(origin: str) -> None:
    assert configured(origin) == [origin]
