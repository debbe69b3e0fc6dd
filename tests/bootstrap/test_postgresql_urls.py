"""Ports and hosts in the URL of PostgreSQL."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.bootstrap.settings import SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount_sql import read_url


@pytest.mark.parametrize(
    "place",
    [
        "db/accounts?application_name=a:b",
        "user:secret@db/accounts?application_name=a:b",
        "db:5432/accounts?application_name=a:b",
        "db?application_name=a:b",
        "[::1]/accounts",
        "[::1]:5432/accounts",
        "user:se:cr%2Fet?@db:5432/accounts",
        "user:se:cr%2Fet?@db/accounts",
        "one,other/accounts",
        "one,other:5432/accounts",
        "one:5432,other:5433/accounts",
        "%2Frun%2Fpostgresql/accounts",
        "/accounts?host=::1",
        "db:65535",
        "db:/accounts",
    ],
)
def test_a_colon_that_does_not_begin_a_port_is_not_parsed_as_one(place: str) -> None:
    url = f"postgresql://{place}"
    assert load_settings(None, {"HEXACCOUNT_STORE": url}).store == url


@pytest.mark.parametrize(
    "place",
    [
        "db:port/accounts",
        "db:65536/accounts",
        "db:-1/accounts",
        "user:5432@db:secret",
        "user:secret/@db",
        "[::1]:port/accounts",
        "db:port/accounts?application_name=a:1",
    ],
)
def test_an_invalid_port_is_rejected_without_repeating_it(place: str) -> None:
    with pytest.raises(SettingsError, match=r"^store: the port must be a number up to 65535, or be left out; wr"):
        load_settings(None, {"HEXACCOUNT_STORE": f"postgresql://{place}"})


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        ("/accounts?host=one:5432", "name a port as port=5432, or several hosts as in postgresql://"),
        ("/accounts?host=one&host=other", "host is in it twice; name several hosts as in postgresql://"),
        ("one/accounts?host=other", "host is in it twice"),
        ("me@db/accounts?user=you", "user is in it twice"),
        ("db/accounts?client_encoding=LATIN1", "leave out client_encoding: the service sets it by itself"),
        ("db/accounts?options=-c%20datestyle%3DGerman", "leave DateStyle out of options: the service sets it by"),
        ("db/accounts?options=--default-transaction-isolation%3Dserializable", "leave default_transaction_isolation "),
        ("db/accounts?options=-ctimezone%3DCET", "leave TimeZone out of options"),
        ("db/accounts?options=-c search_path=x", "PostgreSQL's driver does not understand it; write it as postgresql:"),
        ("[::1/accounts", "it is not a valid URL"),
        ("db/accounts?pooler=transaction&pooler=transaction", "pooler is in it twice"),
        ("db/accounts?%2Dsecret=1", "PostgreSQL's driver has no option of such a name"),
    ],
)
def test_what_would_have_no_effect_is_refused_with_the_remedy(place: str, remedy: str) -> None:
    with pytest.raises(SettingsError, match=f"^store: {re.escape(remedy)}"):
        load_settings(None, {"HEXACCOUNT_STORE": f"postgresql://{place}"})


def test_options_of_the_environment_are_checked_as_those_of_the_url_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c datestyle=German")
    with pytest.raises(SettingsError, match=r"^store: leave DateStyle out of PGOPTIONS and of options in the service"):
        load_settings(None, {"HEXACCOUNT_STORE": "postgresql://db/accounts"})
    load_settings(None, {"HEXACCOUNT_STORE": "postgresql://db/accounts?options=-c%20work_mem%3D1MB"})


def test_a_service_that_no_file_defines_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^store: libpq cannot read the service that the URL or PGSERVICE names"):
        load_settings(None, {"HEXACCOUNT_STORE": "postgresql:///?service=nosuch"})


@given(place=st.text("h1:@/?#,[]=&%", max_size=20))
def test_an_accepted_url_has_a_valid_port(place: str) -> None:
    url = f"postgresql://{place}"
    with suppress(SettingsError):
        ports = read_url(load_settings(None, {"HEXACCOUNT_STORE": url}).store).parameters.get("port", "")
        assert all(0 < int(port) <= 65_535 for port in ports.split(",") if port)
