"""The races of the kit with as many rounds as it has by default; for each change, each store races in fewer."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hexaccount.conformance import ProcessesContract, StoreUnderTest
from hexaccount.conformance.suites.account_races import AccountRacesContract
from hexaccount.conformance.suites.bus_load import BusLoadContract
from hexaccount.conformance.suites.login_races import LoginRacesContract
from hexaccount.conformance.suites.profile_races import ProfileRacesContract
from hexaccount.conformance.suites.rate_limits import RateLimitStoreContract
from hexaccount.conformance.suites.refresh_races import RefreshRacesContract
from hexaccount.conformance.suites.refresh_tokens import RefreshTokenContract
from hexaccount.conformance.suites.registration_races import RegistrationRacesContract
from hexaccount.conformance.suites.uniqueness import UniquenessContract
from tests.contracts.mongo_stores import open_mongo_store
from tests.contracts.sql_stores import open_sql_store
from tests.servers.mongo import temporary_mongo_database
from tests.servers.postgres import temporary_database

pytestmark = pytest.mark.slow

RACES = (
    UniquenessContract,
    RefreshTokenContract,
    LoginRacesContract,
    RefreshRacesContract,
    RegistrationRacesContract,
    AccountRacesContract,
    ProfileRacesContract,
    RateLimitStoreContract,
    BusLoadContract,
    ProcessesContract,
)


class _ManyRounds:
    @pytest.fixture(params=["sqlite", "postgresql", "mongodb"])
    def under_test(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreUnderTest]:
        if request.param == "sqlite":
            yield StoreUnderTest(partial(open_sql_store, f"sqlite:///{tmp_path}/store.db"))
        elif request.param == "postgresql":
            with temporary_database(request.getfixturevalue("postgres_server")) as url:
                yield StoreUnderTest(partial(open_sql_store, url))
        else:
            with temporary_mongo_database(request.getfixturevalue("mongo_server")) as url:
                yield StoreUnderTest(partial(open_mongo_store, url))


for _suite in RACES:
    _name = f"Test{_suite.__name__.removesuffix('Contract')}"
    globals()[_name] = type(_name, (_ManyRounds, _suite), {"__module__": __name__, "__doc__": _suite.__doc__})
