"""A registration with plain PyMongo: the same hash, the same documents, a transaction for each step.

As in our store, every write waits until it is in the journals of a majority.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import bcrypt
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


@contextmanager
def pymongo_registration(url: str, cost: int) -> Iterator[Callable[[], None]]:
    """Yield a function that registers a user, with a hash of this cost."""
    client: MongoClient[dict[str, Any]] = MongoClient(
        url, w="majority", journal=True, readConcernLevel="majority", uuidRepresentation="standard", tz_aware=True
    )
    with client, client.start_session() as session:
        yield partial(_register, client.get_default_database(), session, cost)


def _register(database: Database[dict[str, Any]], session: ClientSession, cost: int) -> None:
    user, event, created, now = uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), datetime.now(UTC)
    name = f"b{user.hex}"
    hashed = bcrypt.hashpw(b"correct horse battery", bcrypt.gensalt(cost)).decode()
    with session.start_transaction(read_concern=ReadConcern("local")):
        database["unique_values"].insert_many(_unique_values(user, name), session=session)
        database["users"].insert_one(_user(user, name, hashed, now), session=session)
        entry = _entry(event, user, "hexaccount.user.registered.v1", now, name)
        database["journal"].insert_one(entry, session=session)
        database["deliveries"].insert_one(_delivery(event, user), session=session)
    pending = {"subscriber": "bare", "event_id": event}
    database["deliveries"].find_one_and_update(pending, {"$set": {"lease": uuid.uuid4(), "available_at": now}})
    with session.start_transaction(read_concern=ReadConcern("local")):
        database["inbox"].insert_one({"subscriber": "bare", "event_id": event}, session=session)
        database["profiles"].find_one({"_id": user}, session=session)
        database["profiles"].insert_one(_profile(user, now), session=session)
        entry = _entry(created, user, "hexaccount.profile.created.v1", now, name)
        database["journal"].insert_one(entry, session=session)
    database["deliveries"].delete_one(pending)


def _unique_values(user: uuid.UUID, name: str) -> list[dict[str, Any]]:
    values = {"users.name_key": name, "users.email_key": f"{name}@example.org"}
    return [{"_id": {"field": field, "value": value}, "key": user} for field, value in values.items()]


def _user(user: uuid.UUID, name: str, hashed: str, now: datetime) -> dict[str, Any]:
    address = f"{name}@example.org"
    return {
        "_id": user, "name": name, "name_key": name, "email": address, "email_key": address, "first_name": "B",
        "last_name": "M", "avatar_identifier": user.hex, "roles": [], "registered_at": now, "password_hash": hashed,
        "email_verified": False, "disabled": False, "epoch": 0, "version": 1,
    }  # fmt: skip


def _profile(user: uuid.UUID, now: datetime) -> dict[str, Any]:
    return {"_id": user, "bio": None, "phone": None, "address": None, "updated_at": now, "version": 1}


def _entry(event: uuid.UUID, user: uuid.UUID, event_type: str, now: datetime, name: str) -> dict[str, Any]:
    aggregate = event_type.split(".")[1]
    return {
        "_id": event, "type": event_type, "source": "urn:hexaccount", "subject": user, "time": now,
        "aggregate": aggregate, "aggregate_id": user, "sequence": 1, "dataschema": "urn:hexaccount:schema",
        "causation_id": None, "traceparent": None, "data": {"user_name": name, "email": f"{name}@example.org"},
    }  # fmt: skip


def _delivery(event: uuid.UUID, user: uuid.UUID) -> dict[str, Any]:
    return {
        "subscriber": "bare", "event_id": event, "aggregate": "user", "aggregate_id": user, "sequence": 1,
        "attempts": 0, "available_at": _AT_ONCE, "lease": None, "dead_letter": False, "error": "",
    }  # fmt: skip
