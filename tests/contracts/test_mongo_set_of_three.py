"""What must be unique and in order, on a replica set of three servers: commits wait for a majority of them."""

from collections.abc import Iterator
from functools import partial

import pytest

from hexaccount.conformance import StoreUnderTest
from hexaccount.conformance.suites.claims import ClaimsContract
from hexaccount.conformance.suites.record_retention import RecordRetentionContract
from hexaccount.conformance.suites.record_rules import RecordRulesContract
from hexaccount.conformance.suites.registration_races import RegistrationRacesContract
from hexaccount.conformance.suites.uniqueness import UniquenessContract
from tests.contracts.mongo_stores import empty_collections, migrated_database, open_shared_mongo_store
from tests.plans.mongodb import sent_commands
from tests.plans.sharding import Command, broken_rules
from tests.servers.mongo_cluster import replica_set_of_three

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sent() -> Iterator[list[Command]]:
    """Give the commands that all handles on the database have sent."""
    with sent_commands() as sent:
        yield sent


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, sent: list[Command]) -> Iterator[str]:
    with replica_set_of_three(tmp_path_factory.mktemp("three")) as url, migrated_database(url) as database:
        yield database


class OnThreeServers:
    @pytest.fixture
    def under_test(self, database: str, sent: list[Command]) -> Iterator[StoreUnderTest]:
        empty_collections(database)
        sent.clear()
        yield StoreUnderTest(partial(open_shared_mongo_store, database), rounds=2, commands=50, migrated=True)
        assert broken_rules(sent) == []


class TestUniqueness(OnThreeServers, UniquenessContract):
    """No two accounts share a name or an address."""


class TestRecordRules(OnThreeServers, RecordRulesContract):
    """A commit breaks no declared rule."""


class TestRecordRetention(OnThreeServers, RecordRetentionContract):
    """What expires frees its unique values."""


class TestRegistrationRaces(OnThreeServers, RegistrationRacesContract):
    """Of racing registrations one wins."""


class TestClaims(OnThreeServers, ClaimsContract):
    """Deliveries are claimed in the order of their aggregates."""
