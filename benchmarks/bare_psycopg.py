"""A registration with plain psycopg: the same hash, the same rows, a transaction for each step."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import bcrypt
import psycopg

_USER = """INSERT INTO users VALUES (%s, %s, %s, %s, %s, 'B', 'M', %s, '["user"]', %s, %s, false, 0, 1)"""
_PROFILE = "INSERT INTO profiles VALUES (%s, NULL, NULL, NULL, %s, 1)"
_JOURNAL = (
    "INSERT INTO journal VALUES (%s, %s, 1, %s, %s, 'urn:hexaccount', %s, %s, 'urn:hexaccount:schema', NULL, NULL, %s)"
)
_DELIVERY = (
    "INSERT INTO deliveries (subscriber, event_id, aggregate, aggregate_id, sequence) "
    "VALUES ('bare', %s, 'user', %s, 1)"
)
_CLAIM = (
    "UPDATE deliveries SET lease = %s, leased_until = %s WHERE subscriber = 'bare' AND event_id = %s RETURNING attempts"
)
_INBOX = "INSERT INTO inbox VALUES ('bare', %s)"
_ACKNOWLEDGE = "DELETE FROM deliveries WHERE subscriber = 'bare' AND event_id = %s"


@contextmanager
def psycopg_registration(url: str, cost: int) -> Iterator[Callable[[], None]]:
    """Yield a function that registers a user, with a hash of this cost."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield partial(_register, connection, cost)


def _register(connection: psycopg.Connection[tuple[object, ...]], cost: int) -> None:
    user, event, created, now = uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), datetime.now(UTC)
    name = f"b{user.hex}"
    hashed = bcrypt.hashpw(b"correct horse battery", bcrypt.gensalt(cost)).decode()
    data = json.dumps({"user_name": name, "email": f"{name}@example.org"})
    with connection.transaction():
        connection.execute(
            _USER, (user, name, name, f"{name}@example.org", f"{name}@example.org", user.hex, now, hashed)
        )
        connection.execute(_JOURNAL, ("user", user, event, "hexaccount.user.registered.v1", user, now, data))
        connection.execute(_DELIVERY, (event, user))
    connection.execute(_CLAIM, (uuid.uuid4(), now, event)).fetchone()
    with connection.transaction():
        connection.execute(_INBOX, (event,))
        connection.execute("SELECT * FROM profiles WHERE id = %s", (user,)).fetchone()
        connection.execute(_PROFILE, (user, now))
        connection.execute(_JOURNAL, ("profile", user, created, "hexaccount.profile.created.v1", user, now, data))
    connection.execute(_ACKNOWLEDGE, (event,))
