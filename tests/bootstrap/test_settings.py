import pytest

from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings


def test_the_default_store_is_sqlite_in_the_data_directory() -> None:
    settings = load_settings(None, {})
    assert settings == Settings()
    assert settings.store == "sqlite:///hexaccount-data/hexaccount.db"
    assert (settings.store_kind, settings.events, settings.password.cost) == ("sqlite", [], 12)


def test_default_lifetimes_are_15_minutes_14_days_and_90_days() -> None:
    session = load_settings(None, {}).session
    lifetimes = (session.access_lifetime, session.refresh_grace, session.idle_lifetime, session.absolute_lifetime)
    assert lifetimes == (15 * 60, 60, 14 * 86_400, 90 * 86_400)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("password.cost", "3"),
        ("password.cost", "16"),
        ("password.cost", "twelve"),
        ("password.engine", "fastest"),
        ("password.queue", "-1"),
        ("session.access_lifetime", "0"),
        ("session.refresh_grace", "-1"),
        ("session.refresh_grace", "3601"),
        ("session.refresh_grace", "nan"),
        ("session.refresh_grace", "inf"),
        ("session.refresh_grace", "long"),
        ("session.idle_lifetime", "0"),
        ("session.idle_lifetime", "1.5"),
        ("session.maximum", "0"),
        ("session.maximum", "1001"),
        ("session.absolute_lifetime", "0"),
        ("session.absolute_lifetime", "315360001"),
        ("roles", "support"),
        ("roles", "{"),
        ("roles", '["support"]'),
        ("roles", '{"support": "users.read"}'),
        ("roles", '{"support": [1]}'),
        ("roles", '{"support": null}'),
        ("roles", '{"support": ["users.raed"]}'),
        ("http.drain_delay", "-1"),
        ("http.drain_delay", "nan"),
        ("relay.enabled", "maybe"),
        ("relay.attempts", "0"),
        ("log.level", "loud"),
        ("jwt.algorithm", "none"),
        ("jwt.algorithm", "HS512"),
        ("jwt.issuer", ""),
        ("event_source", ""),
        ("events", "memory://"),
        ("http.cors_origins", "https://app.example.org"),
    ],
)
def test_the_error_for_an_invalid_value_names_the_setting_and_where_to_set_it(name: str, text: str) -> None:
    variable = "HEXACCOUNT_" + name.upper().replace(".", "__")
    with pytest.raises(SettingsError) as error:
        load_settings(None, {variable: text})
    assert str(error.value).startswith(f"{name}: ")
    assert str(error.value).endswith(f"set it in the file or as {variable}")
