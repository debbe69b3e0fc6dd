import pytest

from hexaccount.bootstrap import settings_checks
from hexaccount.bootstrap.settings import SettingsError
from hexaccount.bootstrap.settings_loading import load_settings


@pytest.mark.parametrize(
    ("variable", "text", "remedy"),
    [
        ("STORE", "mysql://db", r"store: .* one of memory://, sqlite://, postgresql://"),
        ("STORE", "", r"store: .* one of memory://"),
        ("STORE", "/var/lib/accounts.db", r"store: .* one of memory://"),
        ("EVENTS", '["smtp://mail"]', r"events: .* one of memory://"),
        ("JWT__KEY", "short", r"jwt\.key is shorter than 32 bytes; make one with: python -c"),
        ("HTTP__CORS_ORIGINS", '["app.example.org"]', r"http\.cors_origins: app\.example\.org .* https://"),
        ("HTTP__CORS_ORIGINS", '["https://app.example.org/"]', r"http\.cors_origins: .* is no origin"),
        ("HTTP__CORS_ORIGINS", '["null"]', r"http\.cors_origins: null is no origin"),
        (
            "HTTP__TRUSTED_PROXIES",
            '["proxy"]',
            r"http\.trusted_proxies: proxy is no network; write it as 10\.0\.0\.0/8",
        ),
        ("HTTP__TRUSTED_PROXIES", '["10.0.0.1/8"]', r"http\.trusted_proxies: .* is no network"),
        (
            "SESSION__IDLE_LIFETIME",
            "7776001",
            r"session\.idle_lifetime is longer than session\.absolute_lifetime; short",
        ),
        ("SESSION__ABSOLUTE_LIFETIME", "1209599", r"session\.idle_lifetime is longer than session\.absolute_lifetime"),
        (
            "SESSION__ACCESS_LIFETIME",
            "1209601",
            r"session\.access_lifetime is longer than session\.idle_lifetime; short",
        ),
        ("ROLES", '{"Support": []}', r'^roles: "Support" is no role; a role must be a name of up to 32 small letters'),
        ("ROLES", '{"": []}', r'^roles: "" is no role; a role must be a name'),
        ("ROLES", '{"admin": []}', r"^roles: admin is there already, and cannot be changed; choose another name"),
        ("ROLES", '{"user": ["users.read"]}', r"^roles: user is there already"),
    ],
)
def test_a_value_that_cannot_work_names_the_setting_and_the_remedy(variable: str, text: str, remedy: str) -> None:
    with pytest.raises(SettingsError, match=remedy):
        load_settings(None, {f"HEXACCOUNT_{variable}": text})


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("STORE", "postgresql://user:secret@[::1/accounts"),
        ("STORE", "postgresql://user:secret@ho\u2100st/accounts"),
        ("EVENTS", '["memory://["]'),
        ("HTTP__CORS_ORIGINS", '["https://["]'),
    ],
)
def test_a_malformed_url_is_refused_without_its_password(variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(None, {f"HEXACCOUNT_{variable}": text})
    assert "secret" not in str(error.value)


def test_a_key_that_is_no_text_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"jwt\.key"):
        load_settings(None, {"HEXACCOUNT_JWT__KEY": "\udcff" * 40})


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("sqlite://accounts.db", "three slashes"),
        ("sqlite://data/accounts.db", "three slashes"),
        ("sqlite:///", "three slashes"),
        ("memory://named", "nothing after it"),
    ],
)
def test_a_store_that_is_nearly_right_is_told_what_is_wrong(url: str, remedy: str) -> None:
    with pytest.raises(SettingsError, match=remedy):
        load_settings(None, {"HEXACCOUNT_STORE": url})


def test_a_store_whose_driver_is_not_installed_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_checks, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'hexaccount\[postgres\]'"):
        load_settings(None, {"HEXACCOUNT_STORE": "postgresql://localhost/accounts"})
