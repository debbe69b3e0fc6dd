from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

import sqlalchemy as sa

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.tracking_repositories import TrackingIdempotencyRecords
from hexaccount_sql.columns import Moment
from hexaccount_sql.repositories import Read
from hexaccount_sql.schema import idempotency_keys

Insert: TypeAlias = Callable[[sa.Table], Any]
"""The INSERT of a database that knows ON CONFLICT; SQLAlchemy has one for each database."""

_COLUMNS = tuple(idempotency_keys.columns.keys())
_NOW = sa.bindparam("now", type_=Moment)
_FIND = sa.select(idempotency_keys).where(idempotency_keys.c.key == sa.bindparam("its_key"))
_RELEASE = (
    sa.delete(idempotency_keys)
    .where(
        idempotency_keys.c.key == sa.bindparam("its_key"),
        idempotency_keys.c.claimed_until == sa.bindparam("until", type_=Moment),
        idempotency_keys.c.user_id.is_(None),
    )
    .returning(idempotency_keys.c.key)
)
# A key that has no row when it was taken was given back between two looks; nobody does so again and again.
_LOOKS = 10


@dataclass(frozen=True, slots=True)
class SqlKeyedRequests(TrackingIdempotencyRecords):
    """The requests with a key in the table `idempotency_keys`."""

    rows: Read
    insert: Insert

    def claim(self, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        for _ in range(_LOOKS):
            if self.rows(_claim(self.insert), {**row_of(request), "now": now}):
                return None
            holder = self.find(request.key)
            if holder is not None:
                return holder
        raise StoreUnavailable

    def find(self, key: str) -> IdempotencyRecord | None:
        for row in self.rows(_FIND, {"its_key": key}):
            return IdempotencyRecord(**dict(zip(_COLUMNS, row, strict=True)))
        return None

    def release(self, request: IdempotencyRecord) -> None:
        self.rows(_RELEASE, {"its_key": request.key, "until": request.claimed_until})


def row_of(request: IdempotencyRecord) -> dict[str, Any]:
    """Return the row of a request."""
    return {name: getattr(request, name) for name in _COLUMNS}


def completing(insert: Any) -> Any:
    """Return an INSERT of answered requests that overwrites the same requests where they are not answered."""
    there, new = idempotency_keys.c, insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[there.key],
        set_={"user_id": new.user_id},
        where=there.user_id.is_(None) & (there.fingerprint == new.fingerprint),
    )


@cache
def _claim(insert: Insert) -> sa.Executable:
    statement, there = insert(idempotency_keys), idempotency_keys.c
    left_over = there.user_id.is_(None) & (there.claimed_until <= _NOW)
    same = there.fingerprint == statement.excluded.fingerprint
    claim: sa.Executable = (
        statement.values({name: sa.bindparam(name) for name in _COLUMNS})
        .on_conflict_do_update(
            index_elements=[there.key],
            set_={name: statement.excluded[name] for name in _COLUMNS},
            where=(left_over & same) | (there.expires_at <= _NOW),
        )
        .returning(there.key)
    )
    return claim
