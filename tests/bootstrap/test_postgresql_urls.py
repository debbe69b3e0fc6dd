"""Ports and hosts in the URL of PostgreSQL."""

from contextlib import suppress

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.bootstrap.settings import SettingsError
from hexaccount.bootstrap.settings_loading import load_settings


@pytest.mark.parametrize(
    "place",
    [
        "db/accounts?application_name=a:b",
        "user:secret@db/accounts?application_name=a:b",
        "db:5432/accounts?application_name=a:b",
        "db?application_name=a:b",
        "[::1]/accounts",
        "[::1]:5432/accounts",
        "user:se:cr/et?@db:5432/accounts",
        "user:se:cr/et?@db/accounts",
        "one,other/accounts",
        "one,other:5432/accounts",
        "/accounts?host=one:5432&host=other:5433",
        "db:65535",
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
        "db:/accounts",
        "db:?sslmode=require",
        "user:5432@db:secret",
        "[::1]:port/accounts",
        "db:port/accounts?application_name=a:1",
    ],
)
def test_an_invalid_port_is_rejected_without_repeating_it(place: str) -> None:
    with pytest.raises(SettingsError, match=r"^store: the port must be a number up to 65535, or be left out with"):
        load_settings(None, {"HEXACCOUNT_STORE": f"postgresql://{place}"})


def test_the_error_for_several_hosts_with_ports_shows_how_to_write_them() -> None:
    with pytest.raises(SettingsError, match=r"^store: name several hosts as in .*\?host=one:5432&host=other:5432$"):
        load_settings(None, {"HEXACCOUNT_STORE": "postgresql://one:5432,other:5433/accounts"})


@given(place=st.text("h1:@/?#,[]=&%", max_size=20))
def test_an_accepted_url_has_a_valid_port(place: str) -> None:
    url = f"postgresql://{place}"
    with suppress(SettingsError):
        port = sa.make_url(load_settings(None, {"HEXACCOUNT_STORE": url}).store).port
        assert port is None or 0 <= port <= 65_535
