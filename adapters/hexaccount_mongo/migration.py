"""Migrates a database's schema, and checks whether this release can serve with it."""

from collections.abc import Iterable
from functools import partial

from pymongo.errors import OperationFailure

from hexaccount.kernel.records import RecordSchema
from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount.store_kit.schema_version import SchemaVersion, check_version, is_older, refuse_newer
from hexaccount.store_kit.store import SchemaTooOld
from hexaccount_mongo import schema
from hexaccount_mongo.connections import UNBOUNDED, Documents
from hexaccount_mongo.errors import refused
from hexaccount_mongo.transactions import TryAgain, persistently

# The server's codes while another client creates or changes the same collection.
_CONCURRENT_CHANGE = {48, 112, 117, 12586, 12587, 46}
_ACTIONS = {"find", "insert", "update", "remove"}
_CHECK_TIMEOUT = 4.0


def migrate(database: Documents, records: RecordSchema, target: str | None = None) -> str:
    """Bring the schema up, or down, to a version, the newest by default; concurrent and repeated calls are safe.

    Raises SchemaTooNew, StoreRefused and StoreUnavailable.
    """
    supported = schema.SUPPORTED_VERSIONS
    target = target or supported[-1]
    with database.reached(UNBOUNDED):
        _refuse_standalone(database)
        version = _version_in(database)
        if version is not None:
            refuse_newer(version, supported)
            if version.number > supported[-1]:
                return version.number  # a later release has added to what this one knows
        for name, collection in schema.collections_of(records).items():
            persistently(partial(_shape, database, name, collection, target))
        version_fields = {"version": target, "serves": schema.SERVES[target]}
        database["schema"].update_one({"_id": "schema"}, {"$set": version_fields}, upsert=True)
    return target


def check_schema(database: Documents, records: RecordSchema) -> None:
    """Return if this code can serve with the schema; raises SchemaMismatch or StoreUnavailable."""
    with database.reached(_CHECK_TIMEOUT):
        _refuse_standalone(database)
        check_version(_version_in(database), schema.SUPPORTED_VERSIONS)
        names = schema.collections_of(records).keys()
        if lacking := sorted(names - database.names()):
            raise SchemaTooOld(f"the database lacks {', '.join(lacking)}")
        _check_privileges(database, names)


def is_behind(database: Documents) -> bool:
    """Return whether the schema is older than the newest that this code knows."""
    with database.reached():
        version = _version_in(database)
    return is_older(version, schema.SUPPORTED_VERSIONS)


def _shape(database: Documents, name: str, collection: schema.Collection, version: str) -> None:
    """Create a collection, or give an existing one its validator and indexes; other clients go on writing."""
    existing = database.described(name)
    if existing is not None and "collation" in existing["options"]:
        raise StoreRefused(
            f"the collection {name} has a collation, by which different names could be the same",
            f"drop {name} if it is empty and run `hexaccount migrate`, which makes it; or name another database",
        )
    try:
        if existing is None:
            database.command("create", name, validator=collection.validator)
        elif existing["options"].get("validator") != collection.validator:
            # Only if needed: collMod waits for every transaction on the collection, those of dead clients included.
            database.command("collMod", name, validator=collection.validator)
        for field, value in collection.added.items():
            database[name].update_many({field: {"$exists": False}}, {"$set": {field: value}})
        if indexes := collection.indexes_of(version):
            database[name].create_indexes(indexes)
        for later in set(collection.names_after(version)) & database[name].index_information().keys():
            database[name].drop_index(later)
    except OperationFailure as error:
        if error.code in _CONCURRENT_CHANGE:
            raise TryAgain from error
        raise


def _check_privileges(database: Documents, names: Iterable[str]) -> None:
    """Return if these collections can be read and written; raises StoreRefused."""
    privileges = database.privileges()
    if privileges is None:
        return
    for name in names:
        granted = {
            action
            for privilege in privileges
            if database.covers(privilege["resource"], name)
            for action in privilege["actions"]
        }
        # Events never change, so an operator may withhold the rest on the journal.
        if not ({"find", "insert"} if name == "journal" else _ACTIONS) <= granted:
            raise refused()


def _refuse_standalone(database: Documents) -> None:
    hello = database.hello()
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise StoreRefused(
            "the MongoDB server stands alone and has no transactions",
            "start mongod with --replSet, even if it is the only member, and initiate the set once with rs.initiate()",
        )


def _version_in(database: Documents) -> SchemaVersion | None:
    document = database["schema"].find_one({"_id": "schema"})
    return None if document is None else SchemaVersion(document["version"], document["serves"])
