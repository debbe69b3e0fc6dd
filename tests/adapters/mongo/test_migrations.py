from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from pymongo.database import Database
from pymongo.errors import WriteError

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.store import SchemaMissing, SchemaTooNew, SchemaTooOld
from hexaccount_mongo import MongoStore
from hexaccount_mongo.migration import migrate
from hexaccount_mongo.schema import SUPPORTED_VERSIONS, collections_of
from tests.adapters.mongo.conftest import open_store
from tests.servers.mongo import MongoServer
from tests.upgrades.planted_migration import INDEX, VERSIONS, planted_migration

Documents = Database[dict[str, Any]]

COLLECTIONS = collections_of(record_schema())


def test_a_standalone_server_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with MongoServer(tmp_path, replica_set=False) as server:
        store = open_store(server.url.replace("/?", "/accounts?"))
        for start in (store.check, store.migrate):
            with pytest.raises(StoreUnavailable, match=r"no transactions; start mongod with --replSet.*rs\.initiate"):
                start()
        store.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("127.0.0.1", "127.0.0.2"), "127.0.0.2:[0-9]+: .*Connection refused; see that its servers run"),
        (("directConnection=true", "replicaSet=other"), '"other"; see .* `replicaSet` in the URL .* rs.initiate()'),
    ],
)
def test_without_a_primary_the_reason_and_the_remedy_are_reported(
    url: str, change: tuple[str, str], message: str
) -> None:
    store = open_store(f"{url.replace(*change)}&serverSelectionTimeoutMS=300")
    for start in (store.check, store.migrate):
        with pytest.raises(StoreUnavailable, match=f"^the store cannot be reached: .*{message}"):
            start()
    store.close()


def test_a_name_that_differs_by_capital_letters_only_is_reported(store: MongoStore, url: str) -> None:
    name = urlsplit(url).path[1:]
    other = open_store(url.replace(name, name.capitalize()))
    with pytest.raises(StoreUnavailable, match="differs from the one in the URL by capital letters only"):
        other.migrate()
    other.close()


@pytest.mark.parametrize("action", ["check", "migrate"])
def test_a_schema_that_no_longer_serves_this_version_is_refused_and_left_alone(
    store: MongoStore, database: Documents, action: str
) -> None:
    version = {"_id": "schema", "version": "9999", "serves": "9998"}
    database["schema"].replace_one({}, version)
    with pytest.raises(SchemaTooNew, match=r"version 9999 and serves a .* that knows 9998; .*: install the one"):
        getattr(store, action)()
    assert database["schema"].find_one() == version


def test_a_schema_that_a_later_version_has_added_to_is_served_and_left_alone(
    store: MongoStore, database: Documents
) -> None:
    version = {"_id": "schema", "version": "9999", "serves": SUPPORTED_VERSIONS[-1]}
    database["schema"].replace_one({}, version)
    store.check()
    assert store.migrate() == "9999"
    assert not store.is_behind()
    assert database["schema"].find_one() == version


def test_a_schema_older_than_the_oldest_supported_version_is_refused_with_the_remedy(
    store: MongoStore, database: Documents
) -> None:
    database["schema"].replace_one({}, {"_id": "schema", "version": "0000", "serves": "0000"})
    with pytest.raises(SchemaTooOld, match=r"version 0000, this hexaccount needs 0001"):
        store.check()


def test_every_supported_version_is_served_and_an_older_one_is_behind(store: MongoStore, database: Documents) -> None:
    with planted_migration():
        for version in (*VERSIONS, VERSIONS[0]):
            migrate(store._database, record_schema(), version)
            store.check()
            assert store.is_behind() == (version != VERSIONS[-1])
            assert (INDEX in database["journal"].index_information()) == (version == VERSIONS[-1])
            assert database["schema"].find_one() == {"_id": "schema", "version": version, "serves": VERSIONS[0]}


def test_a_database_without_a_schema_is_refused_with_the_remedy(url: str) -> None:
    store = open_store(url)
    with pytest.raises(SchemaMissing, match="no schema yet"):
        store.check()
    assert store.migrate() == SUPPORTED_VERSIONS[-1]
    store.check()
    store.close()


def test_record_types_have_the_indexes_that_follow_from_their_declarations(
    database: Documents, store: MongoStore
) -> None:
    found = {
        name: (
            tuple(field for field, _ in index["key"]),
            index.get("unique", False),
            "partialFilterExpression" in index,
        )
        for kind in record_schema().record_types
        for name, index in database[kind.name].index_information().items()
        if name != "_id_"
    }
    assert found == {
        "sessions_user_id": (("user_id", "epoch", "closed_at", "_id"), False, False),
        "sessions_idle_until": (("idle_until",), False, False),
        "sessions_closed_at": (("closed_at",), False, True),
        "refresh_tokens_session_id": (("session_id",), False, False),
        "refresh_tokens_spent_at": (("spent_at",), False, True),
        "refresh_tokens_salt": (("spent_at", "_id"), False, True),
        "idempotency_records_expires_at": (("expires_at",), False, False),
        "one_time_tokens_user_id": (("user_id", "purpose", "voided", "_id"), False, False),
        "one_time_tokens_expires_at": (("expires_at",), False, False),
    }


def test_missing_parts_of_a_schema_are_restored(store: MongoStore, database: Documents) -> None:
    made = {name: database[name].index_information() for name in COLLECTIONS}
    database["sessions"].drop_index("sessions_user_id")
    database["profiles"].drop()
    database.command("collMod", "sessions", validator={})
    store.migrate()
    assert {name: database[name].index_information() for name in COLLECTIONS} == made
    validators = {each["name"]: each["options"].get("validator") for each in database.list_collections()}
    assert {name: validators[name] for name in COLLECTIONS} == {
        name: collection.validator for name, collection in COLLECTIONS.items()
    }


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_incomplete_document_is_refused(store: MongoStore, database: Documents, collection: str) -> None:
    with pytest.raises(WriteError) as refusal:
        database[collection].insert_one({"unknown": 1})
    assert refusal.value.code == 121


def test_every_stored_document_has_exactly_the_fields_of_its_collection(store: MongoStore, database: Documents) -> None:
    factory = Factory()
    user = factory.user()
    store.outbox.subscribe("subscriber", ["*"])
    names = [field.name for field in fields(Cause) if field.name != "session_id"]
    with caused_by(Cause(session_id=uuid4(), **dict.fromkeys(names, "given"))):
        save(store, user, factory.session(user), factory.profile(user.id))
    for name in ("users", "unique_values", "sessions", "profiles", "journal", "subscriptions", "deliveries"):
        document = database[name].find_one()
        assert document
        assert document.keys() - {"_id"} == COLLECTIONS[name].fields.keys() - {"_id"}, name
