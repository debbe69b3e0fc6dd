from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo.database import Database
from pymongo.errors import WriteError

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import save
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.store import SchemaMissing, SchemaTooNew, SchemaTooOld
from hexaccount_mongo import MongoStore
from hexaccount_mongo.migration import migrate
from hexaccount_mongo.schema import COLLECTIONS, SUPPORTED_VERSIONS
from tests.adapters.mongo.conftest import open_store
from tests.servers.mongo import MongoServer

Documents = Database[dict[str, Any]]


def test_a_server_that_stands_alone_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with MongoServer(tmp_path, replica_set=False) as server:
        store = open_store(server.url.replace("/?", "/accounts?"))
        for start in (store.check, store.migrate):
            with pytest.raises(StoreUnavailable, match=r"no transactions; start mongod with --replSet.*rs\.initiate"):
                start()
        store.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("127.0.0.1", "127.0.0.2"), "127.0.0.2:[0-9]+: .*Connection refused; see that its servers run"),
        (("directConnection=true", "replicaSet=other"), '"other"; see .* `replicaSet` in the URL .* rs.initiate()'),
    ],
)
def test_where_no_primary_answers_the_reason_and_the_remedy_are_told(
    url: str, change: tuple[str, str], told: str
) -> None:
    store = open_store(f"{url.replace(*change)}&serverSelectionTimeoutMS=300")
    for start in (store.check, store.migrate):
        with pytest.raises(StoreUnavailable, match=f"^the store cannot be reached: .*{told}"):
            start()
    store.close()


def test_a_name_that_differs_by_capital_letters_only_is_told(store: MongoStore, url: str) -> None:
    name = urlsplit(url).path[1:]
    other = open_store(url.replace(name, name.capitalize()))
    with pytest.raises(StoreUnavailable, match="differs from the one in the URL by capital letters only"):
        other.migrate()
    other.close()


@pytest.mark.parametrize("deed", ["check", "migrate"])
def test_a_schema_that_has_lost_what_this_version_needs_is_told_and_left_alone(
    store: MongoStore, database: Documents, deed: str
) -> None:
    note = {"_id": "schema", "version": "9998", "revision": "9999"}
    database["schema"].replace_one({}, note)
    with pytest.raises(SchemaTooNew, match=r"version 9999 and serves a .* that knows 9998; .*: install the one"):
        getattr(store, deed)()
    assert database["schema"].find_one() == note


def test_a_schema_that_a_later_version_has_added_to_is_served_and_left_alone(
    store: MongoStore, database: Documents
) -> None:
    note = {"_id": "schema", "version": SUPPORTED_VERSIONS[-1], "revision": "9999"}
    database["schema"].replace_one({}, note)
    store.check()
    assert store.migrate() == "9999"
    assert not store.is_behind()
    assert database["schema"].find_one() == note


def test_a_schema_of_before_the_oldest_supported_version_is_refused_with_the_remedy(
    store: MongoStore, database: Documents
) -> None:
    database["schema"].replace_one({}, {"_id": "schema", "version": "0000"})
    with pytest.raises(SchemaTooOld, match=r"version 0000, this hexaccount needs 0001; run `hexaccount migrate`"):
        store.check()


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
def test_every_supported_version_is_served_and_what_is_behind_says_so(store: MongoStore, version: str) -> None:
    migrate(store._database, version)
    store.check()
    assert store.is_behind() == (version != SUPPORTED_VERSIONS[-1])


def test_a_schema_of_the_first_release_which_kept_one_version_is_taken_over(
    store: MongoStore, database: Documents
) -> None:
    migrate(store._database, "0001")
    database["schema"].update_one({}, {"$unset": {"revision": ""}})
    store.check()
    assert store.migrate() == SUPPORTED_VERSIONS[-1]
    assert database["schema"].find_one() == {"_id": "schema", "version": "0001", "revision": SUPPORTED_VERSIONS[-1]}


def test_a_database_without_a_schema_is_told_what_to_run(url: str) -> None:
    store = open_store(url)
    with pytest.raises(SchemaMissing, match="no schema yet; run `hexaccount migrate`"):
        store.check()
    assert store.migrate() == SUPPORTED_VERSIONS[-1]
    store.check()
    store.close()


def test_what_is_missing_of_a_schema_is_made_again(store: MongoStore, database: Documents) -> None:
    made = {name: database[name].index_information() for name in COLLECTIONS}
    database["users"].drop_index("users_name_key")
    database["profiles"].drop()
    database.command("collMod", "sessions", validator={})
    store.migrate()
    assert {name: database[name].index_information() for name in COLLECTIONS} == made
    validators = {each["name"]: each["options"].get("validator") for each in database.list_collections()}
    assert {name: validators[name] for name in COLLECTIONS} == {
        name: collection.validator for name, collection in COLLECTIONS.items()
    }


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_document_that_is_not_whole_is_refused(store: MongoStore, database: Documents, collection: str) -> None:
    with pytest.raises(WriteError) as refusal:
        database[collection].insert_one({"unknown": 1})
    assert refusal.value.code == 121


def test_every_document_that_a_store_writes_has_the_fields_of_its_collection_and_no_other(
    store: MongoStore, database: Documents
) -> None:
    people = People()
    user = people.user()
    store.outbox.subscribe("subscriber", ["*"])
    save(store, user, people.session(user), people.profile(user.id))
    for name in ("users", "sessions", "profiles", "journal", "subscriptions", "deliveries"):
        document = database[name].find_one()
        assert document
        assert document.keys() - {"_id"} == COLLECTIONS[name].fields.keys() - {"_id"}, name
