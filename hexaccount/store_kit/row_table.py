"""Rows in memory, for stores that hold all of them; the caller holds a lock."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from hexaccount.kernel.records import Expiry, LookUp, RecordType, Row
from hexaccount.store_kit.transaction import StoredRow


class RowTable:
    """The rows of one record type.

    rows: by key.
    keys: the keys of rows by the values of each unique field.
    groups: the keys of rows by the values of the first field of each look-up.
    """

    def __init__(self, record_type: RecordType[Any]) -> None:
        self.record_type = record_type
        self.rows: dict[Any, StoredRow] = {}
        self.keys: dict[str, dict[Any, Any]] = {rule.field: {} for rule in record_type.unique}
        self.groups: dict[str, defaultdict[Any, set[Any]]] = {
            look_up.equal[0]: defaultdict(set) for look_up in record_type.look_ups if look_up.equal
        }

    def put(self, key: Any, row: StoredRow | None) -> None:
        """Store a row in place of the one with its key, or remove that."""
        before = self.rows.pop(key, None)
        if row is not None:
            self.rows[key] = row
        for field, groups in self.groups.items():
            position = self.record_type.position(field)
            if before is not None:
                groups[before.values[position]].discard(key)
                if not groups[before.values[position]]:
                    del groups[before.values[position]]
            if row is not None:
                groups[row.values[position]].add(key)
        for field, keys in self.keys.items():
            position = self.record_type.position(field)
            # Another row of the same commit may have the value by now.
            if before is not None and keys.get(before.values[position]) == key:
                del keys[before.values[position]]
            if row is not None and row.values[position] is not None:
                keys[row.values[position]] = key

    def find(self, field: str, values: Collection[object]) -> list[StoredRow]:
        """Return the rows with one of these values of the key or of a unique field."""
        keys = values if field == self.record_type.key.name else map(self.keys[field].get, values)
        return [self.rows[key] for key in keys if key in self.rows]

    def page(self, look_up: LookUp, values: Mapping[str, Any], *, limit: int | None, after: Any) -> list[StoredRow]:
        """Return up to `limit` rows that a look-up finds, after the key `after` in its order.

        It reads all rows that have the value of the look-up's first field.
        """
        equal = [(self.record_type.position(name), values[name]) for name in look_up.equal]
        above = None if look_up.above is None else (self.record_type.position(look_up.above), values[look_up.above])

        def matches(key: Any, row: StoredRow) -> bool:
            return (
                (after is None or (key < after if look_up.descending else key > after))
                and all(row.values[position] == value for position, value in equal)
                and (above is None or (row.values[above[0]] is not None and row.values[above[0]] > above[1]))
            )

        first = look_up.equal[0] if look_up.equal else ""
        found: Iterable[Any] = self.groups[first].get(values[first], ()) if first in self.groups else self.rows
        keys = sorted((key for key in found if matches(key, self.rows[key])), reverse=look_up.descending)
        return [self.rows[key] for key in keys[:limit]]


Tables: TypeAlias = Callable[[RecordType[Any]], RowTable]
"""A function that returns the table of a record type."""


def with_references(tables: Tables, record_type: RecordType[Any], key: object) -> Sequence[StoredRow] | None:
    """Return a row, the one that it refers to, and so on; None unless all are stored."""
    row = tables(record_type).rows.get(key)
    if row is None or record_type.reference is None:
        return None if row is None else [row]
    referred = with_references(tables, record_type.reference.to, _reference(record_type, row))
    return None if referred is None else [row, *referred]


def expired(tables: Tables, expiry: Expiry, before: datetime) -> Iterator[tuple[Any, StoredRow | None]]:
    """Yield the key of each row that has expired before a moment, and the row to store in its place, if any."""
    kind, ended, by = expiry.record_type, expiry.record_type, expiry.unless_referred_by
    kept = set() if by is None else {_reference(by, row) for row in tables(by).rows.values()}
    if expiry.of_reference and kind.reference is not None:
        ended = kind.reference.to
    ends = [ended.position(name) for name in expiry.ends]
    for key, row in tables(kind).rows.items():
        ending = row if ended is kind else tables(ended).rows.get(_reference(kind, row))
        moments = [] if ending is None else [ending.values[position] for position in ends]
        if key in kept or not any(moment is not None and moment < before for moment in moments):
            continue
        if expiry.erases is None:
            yield key, None
        elif row.values[secret := kind.position(expiry.erases)] is not None:
            yield key, StoredRow(_without(row.values, secret), row.revision + 1)


def _reference(record_type: RecordType[Any], row: StoredRow) -> Any:
    """Return the key of the row to which one refers."""
    return None if record_type.reference is None else row.values[record_type.position(record_type.reference.field)]


def _without(values: Row, position: int) -> Row:
    return (*values[:position], None, *values[position + 1 :])
