"""Removes what has expired of one kind, whichever part of the port it takes."""

from datetime import datetime, timedelta

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.retention.apply_retention import EXPIRED_EVENTS, HANDLED_EVENTS, IDLE_RATE_LIMITS
from hexaccount.retention.expired_events import ExpiredEvents
from hexaccount.retention.retention import Retention
from hexaccount.store_kit.store import Store

KINDS = (*(expiry.kind for expiry in record_schema().expiries), IDLE_RATE_LIMITS, HANDLED_EVENTS, EXPIRED_EVENTS)


def remove_expired(store: Store, kind: str, *, before: datetime, limit: int) -> int:
    """Remove up to `limit` of what has expired before a moment; return how many."""
    retention = store.retention_store
    if kind == IDLE_RATE_LIMITS:
        return retention.remove_drained(before=before, limit=limit)
    if kind == HANDLED_EVENTS:
        return retention.remove_handled(before=before, limit=limit)
    if kind == EXPIRED_EVENTS:
        at_once = Retention({"clearing.events": timedelta()})
        events = ExpiredEvents(store.history, retention, store.unit_of_work, record_schema(), at_once)
        return events.remove(now=before, limit=limit)
    (expiry,) = (each for each in record_schema().expiries if each.kind == kind)
    return retention.remove(expiry, before=before, limit=limit)
