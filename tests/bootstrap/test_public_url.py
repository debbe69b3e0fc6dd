"""`public_url` is the issuer: in one form, and the only one."""

import pytest

from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings


@pytest.mark.parametrize(
    "url",
    [
        "https://accounts.example.org",
        "https://accounts.example.org:8443",
        "https://example.org/accounts",
        "https://xn--fa-hia.example",
        "https://[2001:db8::1]:8443",
        "http://localhost:8000",
        "http://127.0.0.1:8000",
        "http://[::1]:8000/accounts",
    ],
)
def test_it_is_the_issuer_where_it_is_set(url: str) -> None:
    assert load_settings(None, {"HEXACCOUNT_PUBLIC_URL": url}).issuer == url
    assert load_settings(None, {"HEXACCOUNT_PUBLIC_URL": url, "HEXACCOUNT_JWT__ISSUER": url}).issuer == url


def test_without_it_the_issuer_is_that_of_the_setting() -> None:
    assert Settings().issuer == "hexaccount"
    assert load_settings(None, {"HEXACCOUNT_JWT__ISSUER": "urn:accounts"}).issuer == "urn:accounts"


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("", "write it as https://accounts.example.org or"),
        ("accounts.example.org", "write it as https://accounts.example.org or"),
        ("https://", "write it as https://accounts.example.org or"),
        ("ftp://example.org", "write it as https://accounts.example.org or"),
        ("https://me:secret@example.org", "write it as https://accounts.example.org or"),
        ("https://example.org?tenant=one", "write it as https://accounts.example.org or"),
        ("https://example.org/#accounts", "write it as https://accounts.example.org or"),
        ("https://faß.example", "write it as https://accounts.example.org or"),
        ("https://example.org:http", "write it as https://accounts.example.org or"),
        ("http://accounts.example.org", "it must begin with https://, .* http:// is for localhost"),
        ("http://10.0.0.1", "it must begin with https://"),
        ("https://example.org/", "write it as https://example.org; verifiers compare it"),
        ("https://example.org/accounts/", "write it as https://example.org/accounts;"),
        ("https://Example.org", "write it as https://example.org;"),
        ("HTTPS://example.org", "write it as https://example.org;"),
        ("https://example.org:443", "write it as https://example.org;"),
        ("https://example.org.", "write it as https://example.org;"),
        ("https://example.org//accounts", "write it as https://example.org/accounts;"),
        ("https://example.org/x/../accounts", "write it as https://example.org/accounts;"),
        ("https://example.org/./accounts/.", "write it as https://example.org/accounts;"),
        ("https://example.org/..", "write it as https://example.org;"),
    ],
)
def test_another_form_is_refused_with_the_remedy(url: str, remedy: str) -> None:
    with pytest.raises(SettingsError, match=f"^public_url: {remedy}") as refused:
        load_settings(None, {"HEXACCOUNT_PUBLIC_URL": url})
    assert "secret" not in str(refused.value)


def test_another_issuer_beside_it_is_refused_with_the_remedy() -> None:
    with pytest.raises(SettingsError, match=r"^jwt\.issuer: remove it, .* into jwt\.accepted_issuers"):
        load_settings(
            None, {"HEXACCOUNT_PUBLIC_URL": "https://example.org", "HEXACCOUNT_JWT__ISSUER": "https://old.example"}
        )


@pytest.mark.parametrize(
    ("variable", "text", "error"),
    [
        ("JWT__ACCEPTED_ISSUERS", '[""]', r"^jwt\.accepted_issuers\[0\]: .* HEXACCOUNT_JWT__ACCEPTED_ISSUERS$"),
        ("JWT__ACCEPTED_ISSUERS", "hexaccount", r"^jwt\.accepted_issuers: must be a list, .* as JSON"),
        ("JWT__CLAIMS", '["groups"]', r"^jwt\.claims\[0\]: must be one of roles, scope"),
    ],
)
def test_a_wrong_list_is_refused_by_name(variable: str, text: str, error: str) -> None:
    with pytest.raises(SettingsError, match=error):
        load_settings(None, {f"HEXACCOUNT_{variable}": text})
