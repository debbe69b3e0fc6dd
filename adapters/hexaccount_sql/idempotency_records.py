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
from hexaccount_sql.schema import idempotency_records

Insert: TypeAlias = Callable[[sa.Table], Any]
"""A dialect's INSERT, which has ON CONFLICT."""

_COLUMNS = tuple(idempotency_records.columns.keys())
_NOW = sa.bindparam("now", type_=Moment)
_FIND = sa.select(idempotency_records).where(idempotency_records.c.key == sa.bindparam("record_key"))
_RELEASE = (
    sa.delete(idempotency_records)
    .where(
        idempotency_records.c.key == sa.bindparam("record_key"),
        idempotency_records.c.claimed_until == sa.bindparam("until", type_=Moment),
        idempotency_records.c.user_id.is_(None),
    )
    .returning(idempotency_records.c.key)
)
# A key that is taken and then has no row was released between the two statements; a client does not repeat that.
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class SqlIdempotencyRecords(TrackingIdempotencyRecords):
    """The idempotency records in the table `idempotency_records`."""

    rows: Read
    insert: Insert

    def claim(self, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        for _ in range(_ATTEMPTS):
            if self.rows(_claim(self.insert), {**row_of(request), "now": now}):
                return None
            holder = self.find(request.key)
            if holder is not None:
                return holder
        raise StoreUnavailable

    def find(self, key: str) -> IdempotencyRecord | None:
        for row in self.rows(_FIND, {"record_key": key}):
            return IdempotencyRecord(**dict(zip(_COLUMNS, row, strict=True)))
        return None

    def release(self, request: IdempotencyRecord) -> None:
        self.rows(_RELEASE, {"record_key": request.key, "until": request.claimed_until})


def row_of(request: IdempotencyRecord) -> dict[str, Any]:
    """Return the row of a request."""
    return {name: getattr(request, name) for name in _COLUMNS}


def completing(insert: Any) -> Any:
    """Return an INSERT of completed requests that also completes stored claims of the same requests."""
    stored, new = idempotency_records.c, insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[stored.key],
        set_={"user_id": new.user_id},
        where=stored.user_id.is_(None) & (stored.fingerprint == new.fingerprint),
    )


@cache
def _claim(insert: Insert) -> sa.Executable:
    statement, stored = insert(idempotency_records), idempotency_records.c
    abandoned = stored.user_id.is_(None) & (stored.claimed_until <= _NOW)
    same = stored.fingerprint == statement.excluded.fingerprint
    claim: sa.Executable = (
        statement.values({name: sa.bindparam(name) for name in _COLUMNS})
        .on_conflict_do_update(
            index_elements=[stored.key],
            set_={name: statement.excluded[name] for name in _COLUMNS},
            where=(abandoned & same) | (stored.expires_at <= _NOW),
        )
        .returning(stored.key)
    )
    return claim
