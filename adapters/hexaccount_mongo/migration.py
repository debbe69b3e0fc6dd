"""Bringing a database's schema to this version, and telling which version it has."""

from functools import partial

from pymongo.errors import OperationFailure

from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount.store_kit import schema_version as schema_mark
from hexaccount.store_kit.schema_version import SchemaVersion, check_version, refuse_newer
from hexaccount_mongo.connections import AS_LONG_AS_IT_TAKES, Documents
from hexaccount_mongo.errors import refused
from hexaccount_mongo.schema import COLLECTIONS, SERVES, SUPPORTED_VERSIONS
from hexaccount_mongo.transactions import TryAgain, persistently

# What the server says when somebody else makes or changes the same collection at the moment.
_BUSY = {48, 112, 117, 12586, 12587, 46}
_DEEDS = {"find", "insert", "update", "remove"}
_CHECK = 4.0  # seconds that the servers have to say whether they can be used


def migrate(database: Documents, goal: str = SUPPORTED_VERSIONS[-1]) -> str:
    """Bring the schema up, or down, to a version; every step may be repeated, also by two at once."""
    with database.reached(AS_LONG_AS_IT_TAKES):
        _refuse_standalone(database)
        mark = _mark_of(database)
        if mark is not None:
            refuse_newer(mark, SUPPORTED_VERSIONS)
            if mark.version > SUPPORTED_VERSIONS[-1]:
                return mark.version  # a later version has added to what this one knows
        for name in COLLECTIONS:
            persistently(partial(_make, database, name, goal))
        note = {"version": SERVES[goal], "revision": goal}
        database["schema"].update_one({"_id": "schema"}, {"$set": note}, upsert=True)
    return goal


def check_schema(database: Documents) -> None:
    """Return if this code can serve with the schema; raises SchemaMismatch or StoreUnavailable."""
    with database.reached(_CHECK):
        _refuse_standalone(database)
        mark = _mark_of(database)
        check_version(mark, SUPPORTED_VERSIONS)
        _check_rights(database)


def is_behind(database: Documents) -> bool:
    """Tell whether the schema is older than the newest that this code knows."""
    with database.reached():
        mark = _mark_of(database)
    return schema_mark.is_behind(mark, SUPPORTED_VERSIONS)


def _make(database: Documents, name: str, version: str) -> None:
    try:
        _form(database, name, version)
    except OperationFailure as error:
        if error.code in _BUSY:
            raise TryAgain from error
        raise


def _form(database: Documents, name: str, version: str) -> None:
    """Make a collection, or bring one that is there into its form; indexes are built while others write."""
    wanted = COLLECTIONS[name]
    there = database.described(name)
    if there is None:
        # Somebody else may have made it since; then the server calls it busy, and it is looked at again.
        database.command("create", name, validator=wanted.validator)
    elif there["options"].get("validator") != wanted.validator:
        # Only where it is needed: this waits for every transaction on the collection, also those of the dead.
        database.command("collMod", name, validator=wanted.validator)
    if indexes := wanted.indexes_of(version):
        database[name].create_indexes(indexes)
    there_now = database[name].index_information()
    for later in wanted.names_after(version):
        if later in there_now:
            database[name].drop_index(later)


def _check_rights(database: Documents) -> None:
    """Return if we may read and write all collections; raises StoreRefused."""
    privileges = database.privileges()
    if privileges is None:
        return
    for name in COLLECTIONS:
        held = {
            action
            for privilege in privileges
            if database.covers(privilege["resource"], name)
            for action in privilege["actions"]
        }
        # Nothing that has happened is ever changed, so that whoever is careful may let nobody do so.
        if not ({"find", "insert"} if name == "journal" else _DEEDS) <= held:
            raise refused()


def _refuse_standalone(database: Documents) -> None:
    hello = database.hello()
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise StoreRefused(
            "the MongoDB server stands alone and has no transactions",
            "start mongod with --replSet, even if it is the only member, and initiate the set once with rs.initiate()",
        )


def _mark_of(database: Documents) -> SchemaVersion | None:
    document = database["schema"].find_one({"_id": "schema"})
    if document is None:
        return None
    serves = str(document["version"])
    return SchemaVersion(str(document.get("revision", serves)), serves)
