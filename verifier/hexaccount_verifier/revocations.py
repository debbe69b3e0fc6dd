import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, Literal, TypeAlias
from uuid import UUID

from hexaccount_verifier.claims import Claims
from hexaccount_verifier.errors import MalformedEvent

SESSION_CLOSED = "hexaccount.session.closed.v1"
SESSION_KEPT = "hexaccount.session.kept.v1"
EPOCH_RAISED = frozenset(
    {"hexaccount.user.disabled.v1", "hexaccount.user.password_changed.v1", "hexaccount.user.sessions_ended.v1"}
)
USER_ERASED = "hexaccount.user.erased.v1"
_MARGIN = timedelta(minutes=1)  # for tokens issued at the same moment

Kind: TypeAlias = Literal["closed", "kept", "raised", "erased"]


@dataclass(slots=True)
class _Entry:
    epoch: int
    until: datetime


class Revocations:
    """The sessions and epochs that events have ended, each stored until the last of its tokens expires."""

    def __init__(self, longest_lifetime: timedelta, leeway: timedelta) -> None:
        """Take the longest lifetime of a token, and how far the clocks of its issuer and of its verifier may differ."""
        # A token of a clock that is ahead expires as much later, and is accepted a leeway longer.
        self._retention = longest_lifetime + 2 * leeway + _MARGIN
        self._entries: dict[tuple[Kind, UUID], _Entry] = {}
        self._by_end: list[tuple[datetime, Kind, UUID]] = []
        self._lock = threading.Lock()

    def learn(self, event: Mapping[str, Any], now: datetime) -> None:
        """Record a CloudEvent, in any order and any number of times; raises MalformedEvent."""
        event_type = event.get("type")
        if event_type == SESSION_CLOSED:
            self._record("closed", _session(event), 0, _time(event, now), now)
        elif event_type == SESSION_KEPT:
            self._record("kept", _session(event), _epoch(event), _time(event, now), now)
        elif event_type in EPOCH_RAISED:
            self._record("raised", _id(event.get("subject"), "subject"), _epoch(event), _time(event, now), now)

        elif event_type == USER_ERASED:
            self._record("erased", _id(event.get("subject"), "subject"), 0, _time(event, now), now)

    def is_revoked(self, claims: Claims) -> bool:
        if ("closed", claims.session_id) in self._entries or ("erased", claims.user_id) in self._entries:
            return True
        raised = self._entries.get(("raised", claims.user_id))
        if raised is None or claims.epoch >= raised.epoch:
            return False
        kept = self._entries.get(("kept", claims.session_id))
        return kept is None or kept.epoch < raised.epoch

    def __len__(self) -> int:
        return len(self._entries)

    def _record(self, kind: Kind, subject: UUID, epoch: int, at: datetime, now: datetime) -> None:
        until = min(at, now) + self._retention
        with self._lock:
            self._remove_expired(now)
            if until <= now:
                return  # all tokens that it revokes have expired
            entry = self._entries.setdefault((kind, subject), _Entry(epoch, until))
            entry.epoch, entry.until = max(entry.epoch, epoch), max(entry.until, until)
            heappush(self._by_end, (until, kind, subject))

    def _remove_expired(self, now: datetime) -> None:
        while self._by_end and self._by_end[0][0] <= now:
            _, kind, subject = heappop(self._by_end)
            entry = self._entries.get((kind, subject))
            if entry is not None and entry.until <= now:
                del self._entries[kind, subject]


def _session(event: Mapping[str, Any]) -> UUID:
    return _id(_data(event).get("session_id"), "data.session_id")


def _epoch(event: Mapping[str, Any]) -> int:
    epoch = _data(event).get("epoch")
    if type(epoch) is not int:
        raise MalformedEvent(f"data.epoch of {event.get('type')} is no integer")
    return epoch


def _data(event: Mapping[str, Any]) -> Mapping[str, Any]:
    data = event.get("data")
    if not isinstance(data, Mapping):
        raise MalformedEvent(f"{event.get('type')} has no data")
    return data


def _id(text: object, name: str) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise MalformedEvent(f"{name} is no UUID") from None


def _time(event: Mapping[str, Any], now: datetime) -> datetime:
    """Return the time of the event, or now if it has no valid time, which stores it for longer."""
    try:
        at = datetime.fromisoformat(event["time"])
    except (KeyError, TypeError, ValueError):
        return now
    return at if at.tzinfo is not None else now
