"""Which rule a commit breaks: the same answer on every store."""

from collections.abc import Iterator
from typing import Any

from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.records import RecordType, Unique
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.transaction import Batch, RowChange, Transaction


def broken_rule(batch: Batch, transaction: Transaction) -> Exception | None:
    """Return the error of the first rule that a commit would break in what is stored now, None if it breaks none.

    First comes the inbox, then uniqueness in the order of declaration, then the revisions.
    """
    return next(_broken_rules(batch, transaction), None)


def takes_freed_value(batch: Batch) -> bool:
    """Tell whether a change of a commit takes a unique value that another one of it frees.

    Stores would differ in that, as it depends on the order in which rows are written.
    """
    freed = {
        (change.record_type, rule.field, change.before[change.record_type.position(rule.field)])
        for change in batch.changes
        if change.before is not None
        for rule in change.record_type.unique
        if change.before[change.record_type.position(rule.field)] != _value(rule, change)
    }
    return bool(freed) and any(
        value is not None and (change.record_type, rule.field, value) in freed
        for change in batch.changes
        for rule in change.record_type.unique
        for value in [_value(rule, change)]
    )


def taken_error(record_type: RecordType[Any], record: Any, key: object) -> Exception:
    """Return the error for a new record whose key another one has."""
    return _stale(record_type, record, key) if record_type.taken is None else record_type.taken(record)


def lost_race(batch: Batch) -> Exception:
    """Return the error of a commit that broke a rule when it was written, and would break none now."""
    if not batch.changes:
        return AlreadyHandled()
    last = batch.changes[-1]
    return _stale(last.record_type, last.record, last.key)


def _stale(record_type: RecordType[Any], record: Any, key: object) -> StaleVersion:
    return StaleVersion(*(record_type.part_of(record) if record_type.part_of else (record_type.kind, key)))


def _broken_rules(batch: Batch, transaction: Transaction) -> Iterator[Exception]:
    if len(set(batch.handled)) < len(batch.handled) or any(transaction.is_handled(*each) for each in batch.handled):
        yield AlreadyHandled()
    for record_type in dict.fromkeys(change.record_type for change in batch.changes):
        for rule in record_type.unique:
            for change in batch.changes:
                if change.record_type is record_type and _is_taken(rule, change, batch, transaction):
                    yield rule.taken(change.record)
    for change in batch.changes:
        stored = transaction.rows(change.record_type, change.record_type.key.name, [change.key])
        if (stored[0].revision if stored else 0) != change.revision:
            error = taken_error if change.is_new else _stale
            yield error(change.record_type, change.record, change.key)


def _is_taken(rule: Unique[Any], change: RowChange, batch: Batch, transaction: Transaction) -> bool:
    """Tell whether another row has the value of a unique field, in the store or in the same commit."""
    value = _value(rule, change)
    if value is None:
        return False
    if any(_value(rule, other) == value for other in _others(change, batch)):
        return True
    return any(row.values[0] != change.key for row in transaction.rows(change.record_type, rule.field, [value]))


def _others(change: RowChange, batch: Batch) -> Iterator[RowChange]:
    return (each for each in batch.changes if each.record_type is change.record_type and each.key != change.key)


def _value(rule: Unique[Any], change: RowChange) -> Any:
    return None if change.values is None else change.values[change.record_type.position(rule.field)]
