from pathlib import Path
from typing import Any

import pytest

from hexaccount.accounts.list_users import READ_USERS
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.sessions.end_sessions import END_SESSIONS
from hexaccount.sessions.list_sessions import READ_SESSIONS
from tests.signing_key import SIGNING_KEY as KEY


def from_file(folder: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environment or {})


def test_a_file_sets_its_settings_and_the_others_keep_their_defaults(tmp_path: Path) -> None:
    settings = from_file(
        tmp_path,
        f"""
        store = "postgresql://db.example.org/accounts"
        events = ["memory://"]
        event_source = "urn:example"
        [jwt]
        key = "{KEY}"
        issuer = "https://accounts.example.org"
        [password]
        cost = 10
        [session]
        access_lifetime = 600
        refresh_grace = 2.5
        idle_lifetime = 7200
        absolute_lifetime = 86400
        [roles]
        support = ["sessions.read", "sessions.end"]
        help-desk = []
        [http]
        cors_origins = ["https://app.example.org", "*"]
        trusted_proxies = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]
        drain_delay = 2.5
        [relay]
        enabled = false
        attempts = 3
        [log]
        level = "debug"
        """,
    )
    assert (settings.store_kind, settings.events, settings.event_source) == ("postgresql", ["memory://"], "urn:example")
    assert (settings.jwt.key, settings.jwt.issuer, settings.jwt.audience) == (
        KEY,
        "https://accounts.example.org",
        "hexaccount",
    )
    assert (settings.password.cost, settings.password.queue, settings.session.access_lifetime) == (10, 16, 600)
    session = settings.session
    assert (session.refresh_grace, session.idle_lifetime, session.absolute_lifetime) == (2.5, 7200, 86400)
    assert settings.roles == {"support": [READ_SESSIONS, END_SESSIONS], "help-desk": []}
    assert settings.http.trusted_proxies == ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]
    assert (settings.http.drain_delay, settings.relay.enabled, settings.relay.attempts) == (2.5, False, 3)
    assert settings.log.level == "debug"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environment = {"HEXACCOUNT_STORE": "memory://", "HEXACCOUNT_PASSWORD__COST": "5"}
    settings = from_file(tmp_path, 'store = "sqlite:///x.db"\n[password]\ncost = 10\nqueue = 3', environment)
    assert (settings.store, settings.password.cost, settings.password.queue) == ("memory://", 5, 3)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("store", "memory://", "memory://"),
        ("events", '["memory://a", "memory://b"]', ["memory://a", "memory://b"]),
        ("jwt__key", KEY, KEY),
        ("password__cost", "4", 4),
        ("http__drain_delay", "1.5", 1.5),
        ("session__refresh_grace", "0", 0.0),
        ("session__refresh_grace", "0.25", 0.25),
        ("session__idle_lifetime", "900", 900),
        ("session__absolute_lifetime", "1209600", 1_209_600),
        ("roles", '{"support": ["users.read"]}', {"support": [READ_USERS]}),
        ("roles", "{}", {}),
        ("http__cors_origins", "[]", []),
        ("relay__enabled", "false", False),
        ("relay__enabled", "1", True),
        ("log__level", "warning", "warning"),
    ],
)
def test_an_environment_variable_is_converted_to_the_type_of_its_setting(name: str, text: str, value: object) -> None:
    found: Any = load_settings(None, {f"HEXACCOUNT_{name.upper()}": text})
    for part in name.split("__"):
        found = getattr(found, part)
    assert found == value


def test_the_environment_names_the_file_and_the_argument_overrides_it(tmp_path: Path) -> None:
    named, given = tmp_path / "named.toml", tmp_path / "given.toml"
    named.write_text('store = "sqlite:///named.db"', encoding="utf-8")
    given.write_text('store = "sqlite:///given.db"', encoding="utf-8")
    environment = {"HEXACCOUNT_CONFIG": str(named)}
    assert load_settings(None, environment).store == "sqlite:///named.db"
    assert load_settings(given, environment).store == "sqlite:///given.db"


def test_other_variables_and_those_of_the_tests_are_ignored() -> None:
    others = {"HEXACCOUNTANT": "x", "PATH": "/bin", "HEXACCOUNT_TEST_POSTGRES_URL": "x", "HEXACCOUNT_CONFIG": ""}
    assert load_settings(None, others) == Settings()


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("STOR", "stor is not a setting; did you mean store?"),
        ("JWT__KEYY", "jwt.keyy is not a setting; did you mean jwt.key?"),
        ("PASWORD__COST", "pasword is not a setting; did you mean password?"),
        ("PASSWORD__COSTS", "password.costs is not a setting; did you mean password.cost?"),
        ("HTTP__XYZZY", "http.xyzzy is not a setting; valid are http.cors_origins, http.cors_headers"),
    ],
)
def test_the_error_for_an_unknown_setting_names_the_nearest_one(name: str, suggestion: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(None, {f"HEXACCOUNT_{name}": "1"})
    assert suggestion in str(error.value)


def test_an_unknown_setting_in_a_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"relay\.attemps is not a setting; did you mean relay\.attempts\?"):
        from_file(tmp_path, "[relay]\nattemps = 3")
    with pytest.raises(SettingsError, match=r"webhooks\[0\]\.foo is not a setting; valid are webhooks\[0\]\.name, "):
        from_file(tmp_path, "[[webhooks]]\nfoo = 3")


@pytest.mark.parametrize("variables", [{"JWT": "x"}, {"STORE__PATH": "x"}, {"STORE": "memory://", "STORE__PATH": "x"}])
def test_a_table_cannot_be_a_value_nor_a_value_a_table(variables: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^(jwt|store)"):
        load_settings(None, {f"HEXACCOUNT_{name}": text for name, text in variables.items()})


def test_the_error_for_a_missing_file_names_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.toml cannot be read: No such file"):
        load_settings(tmp_path / "missing.toml", {})


def test_the_error_for_invalid_toml_names_the_file_and_the_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"settings\.toml is not valid TOML: .*line 1"):
        from_file(tmp_path, "store: memory")
    (tmp_path / "latin.toml").write_bytes(b'store = "\xe9"')
    with pytest.raises(SettingsError, match=r"latin\.toml is not UTF-8 text; save it as such"):
        load_settings(tmp_path / "latin.toml", {})


@pytest.mark.parametrize("text", [f"a = {'[' * 5000}", f"session.access_lifetime = {'9' * 5000}"])
def test_a_file_that_python_cannot_parse_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"settings\.toml has too many brackets in each other, or too long a numb"):
        from_file(tmp_path, text)


@pytest.mark.parametrize(
    ("variable", "text", "error"),
    [
        ("EVENTS", "[" * 9000, r"^events: must be a list"),
        ("EVENTS", "[" * 600 + "]" * 600, r"^events\[0\]: "),
        ("SESSION__ACCESS_LIFETIME", "9" * 5000, r"^session\.access_lifetime: "),
        ("ROLES", '{"a": ["users.read"], "a": []}', "^roles: a is in it twice; leave out one of them"),
        ("LOG__LEVEL", "info\r", r"^log\.level: remove the character U\+000D"),
        ("RELAY__ENABLED", "true\r", r"^relay\.enabled: remove the character U\+000D"),
    ],
)
def test_the_error_for_a_text_of_the_environment_names_the_setting(variable: str, text: str, error: str) -> None:
    with pytest.raises(SettingsError, match=error):
        load_settings(None, {f"HEXACCOUNT_{variable}": text})


def test_a_list_in_place_of_a_table_is_an_error_that_asks_for_the_table(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^log: it is a table; write \[log\] in the file, or set HEXACCOUNT_LOG__"):
        from_file(tmp_path, '[[log]]\nlevel = "info"')


def test_the_remedy_for_an_item_of_a_list_names_the_variable_of_the_list() -> None:
    with pytest.raises(SettingsError, match=r"set it in the file or as HEXACCOUNT_EVENTS$"):
        load_settings(None, {"HEXACCOUNT_EVENTS": "[1]"})


def test_the_error_for_a_choice_names_the_accepted_values() -> None:
    with pytest.raises(SettingsError, match=r"log\.level: must be one of debug, info, warning, error; set it"):
        load_settings(None, {"HEXACCOUNT_LOG__LEVEL": "DEBUG"})


VALID = "valid are sessions.end, sessions.read, users.read"


def test_the_error_for_an_unknown_permission_names_the_valid_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"^roles: 'users\.raed' is not a permission; {VALID},"):
        from_file(tmp_path, '[roles]\nsupport = ["users.read", "users.raed"]')


@pytest.mark.parametrize(
    "text", ["roles = 5", 'roles = ["support"]', '[roles]\nsupport = "users.read"', "[roles.support]"]
)
def test_the_error_for_roles_of_another_type_describes_them(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=rf"^roles: each role is a name and a list of permissions; {VALID},"):
        from_file(tmp_path, text)


def test_roles_of_the_environment_replace_those_of_the_file(tmp_path: Path) -> None:
    settings = from_file(tmp_path, "[roles]\nsupport = []", {"HEXACCOUNT_ROLES": '{"audit": ["users.read"]}'})
    assert settings.roles == {"audit": [READ_USERS]}


def test_the_environment_can_add_a_role_to_those_of_the_file(tmp_path: Path) -> None:
    settings = from_file(tmp_path, "[roles]\nsupport = []", {"HEXACCOUNT_ROLES__AUDIT": '["users.read"]'})
    assert settings.roles == {"support": [], "audit": [READ_USERS]}
