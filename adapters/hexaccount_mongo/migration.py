"""Bringing a database's schema to this version, and telling which version it has."""

from functools import partial

from pymongo.errors import OperationFailure

from hexaccount.application.ports.store import SchemaMismatch
from hexaccount.application.ports.unit_of_work import StoreUnavailable
from hexaccount_mongo.connections import Documents
from hexaccount_mongo.schema import COLLECTIONS, SUPPORTED_VERSIONS
from hexaccount_mongo.transactions import TryAgain, persistently

# What the server says when somebody else makes or changes the same collection at the moment.
_BUSY = {48, 112, 117, 12586, 12587, 46}
_LONGEST = 24 * 3600.0  # seconds that a new index of a large collection may take


def migrate(database: Documents) -> str:
    """Bring the schema to the newest version; every step may be repeated, also by two at once."""
    with database.reached(_LONGEST):
        _refuse_standalone(database)
        version = _version(database)
        if version is not None and version not in SUPPORTED_VERSIONS:
            raise _mismatch(version)
        for name in COLLECTIONS:
            persistently(partial(_make, database, name))
        newest = SUPPORTED_VERSIONS[-1]
        database["schema"].update_one({"_id": "schema"}, {"$set": {"version": newest}}, upsert=True)
    return newest


def check_schema(database: Documents) -> None:
    """Return if this code can serve with the schema; raises SchemaMismatch or StoreUnavailable."""
    with database.reached():
        _refuse_standalone(database)
        version = _version(database)
    if version is None:
        raise SchemaMismatch("the database has no schema yet; run `hexaccount migrate`")
    if version not in SUPPORTED_VERSIONS:
        raise _mismatch(version)


def _make(database: Documents, name: str) -> None:
    try:
        _form(database, name)
    except OperationFailure as error:
        if error.code in _BUSY:
            raise TryAgain from error
        raise


def _form(database: Documents, name: str) -> None:
    """Make a collection, or bring one that is there into its form."""
    wanted = COLLECTIONS[name]
    there = database.described(name)
    if there is None:
        # Somebody else may have made it since; then the server calls it busy, and it is looked at again.
        database.command("create", name, validator=wanted.validator)
    elif there["options"].get("validator") != wanted.validator:
        # Only where it is needed: this waits for every transaction on the collection, also those of the dead.
        database.command("collMod", name, validator=wanted.validator)
    if wanted.indexes:
        database[name].create_indexes(list(wanted.indexes))


def _refuse_standalone(database: Documents) -> None:
    hello = database.hello()
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise StoreUnavailable(
            "the MongoDB server stands alone and has no transactions; start mongod with --replSet, even if it is the "
            "only member, and initiate the set once with rs.initiate()"
        )


def _mismatch(version: str) -> SchemaMismatch:
    return SchemaMismatch(
        f"the database's schema is version {version}, this hexaccount serves {', '.join(SUPPORTED_VERSIONS)}; "
        "run `hexaccount migrate` of the newest version that runs on this database"
    )


def _version(database: Documents) -> str | None:
    document = database["schema"].find_one({"_id": "schema"})
    return None if document is None else str(document["version"])
