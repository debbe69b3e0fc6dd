import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.accounts.list_users import READ_USERS
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount.bootstrap.settings_display import shown_settings
from tests.signing_key import SIGNING_KEY


def test_every_setting_is_shown_by_its_dotted_name() -> None:
    shown = shown_settings(Settings())
    assert shown["store"] == "sqlite:///hexaccount-data/hexaccount.db"
    assert (shown["password.cost"], shown["relay.attempts"], shown["log.level"]) == (12, 10, "info")
    groups = {name.partition(".")[0] for name in shown}
    assert groups == set(Settings.__struct_fields__)


def test_roles_are_shown_as_one_table() -> None:
    assert shown_settings(Settings())["roles"] == {}
    shown = shown_settings(Settings(roles={"support": [READ_USERS]}))
    assert json.dumps(shown["roles"]) == '{"support": ["users.read"]}'


def test_the_key_is_hidden_and_its_absence_is_shown() -> None:
    assert shown_settings(Settings())["jwt.key"] is None
    shown = shown_settings(Settings(jwt=JwtSettings(key=SIGNING_KEY)))
    assert shown["jwt.key"] == "********"
    assert "kkk" not in repr(shown)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mongodb://user:secret@a:1,b:2/db?replicaSet=r", "mongodb://user:********@a:1,b:2/db?replicaSet=r"),
        (
            "mongodb://a/db?authMechanismProperties=AWS_SESSION_TOKEN:secret&w=1",
            "mongodb://a/db?authMechanismProperties=********&w=1",
        ),
        ("postgresql://user:secret@db:5432/accounts", "postgresql://user:********@db:5432/accounts"),
        ("postgresql://user:se%40cr%3Aet%2F@db/accounts", "postgresql://user:********@db/accounts"),
        ("postgresql://user:s3c#r3t@db/accounts", "postgresql://user:********@db/accounts"),
        ("postgresql://user:s3c/r3t@db/accounts", "postgresql://user:********@db/accounts"),
        ("postgresql://user:s3c?r:3t@db:5432/accounts", "postgresql://user:********@db:5432/accounts"),
        ("postgresql://user:se@cr@et@db/accounts", "postgresql://user:********@db/accounts"),
        ("postgresql://us#er:secret@db/accounts", "postgresql://us#er:********@db/accounts"),
        ("postgresql://us?er:secret@db/accounts", "postgresql://us?er:********@db/accounts"),
        ("postgresql://:secret@db/accounts", "postgresql://:********@db/accounts"),
        ("postgresql://user:@db/accounts", "postgresql://user:********@db/accounts"),
        ("postgresql://user@db/accounts", "postgresql://user@db/accounts"),
        ("postgresql://db/accounts", "postgresql://db/accounts"),
        ("sqlite:///accounts.db", "sqlite:///accounts.db"),
        ("redis://:secret@cache:6379/0", "redis://:********@cache:6379/0"),
    ],
)
def test_the_password_in_a_url_is_hidden(url: str, shown: str) -> None:
    settings = shown_settings(Settings(store=url, cache=url, events=[url]))
    assert (settings["store"], settings["cache"], settings["events"]) == (shown, shown, [shown])


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db:5432/accounts?password=sec@ret",
        "postgresql://user:sec@db/accounts?password=sec@ret&x=1",
        "postgresql://user:sec?password=ret@db/accounts",
    ],
)
def test_a_url_whose_password_has_an_ambiguous_end_is_hidden_whole(url: str) -> None:
    assert shown_settings(Settings(store=url))["store"] == "postgresql://********"


@given(password=st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=5, max_size=20))
def test_no_percent_encoded_password_is_shown(password: str) -> None:
    encoded = quote(password, safe="")
    shown = shown_settings(Settings(store=f"postgresql://u:{encoded}@h/d"))
    assert shown["store"] == "postgresql://u:********@h/d"


@pytest.mark.parametrize("query", ["password=secret", "user=u&password=secret", "sslpassword=secret"])
def test_a_password_among_the_parameters_of_a_url_is_hidden(query: str) -> None:
    assert "secret" not in repr(shown_settings(Settings(store=f"postgresql://db/accounts?{query}")))
