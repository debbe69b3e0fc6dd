import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import TypeAlias
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_order import order_by_sequence
from hexaccount.events.ports import EventFilter, History
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.unit_of_work import StoreUnavailable

NEAR = timedelta(milliseconds=500)
FAR = timedelta(seconds=10)
"""How long after the creation of its id an event may become visible, and still be found."""

Position: TypeAlias = tuple[str, UUID, int]
"""An aggregate's kind and id, and the sequence of an event in it."""

_FAR_INTERVAL = timedelta(seconds=1)
_WAIT = 0.25
_LINGER = 0.02
_PAUSE = 1.0
_PAGE = 500
_log = logging.getLogger("hexaccount.realtime")


class JournalTail:
    """Follows the journal from now on, for listeners that have no durable subscription.

    Several processes make events and commit them later, so that one may become visible after others with higher ids.
    Each poll therefore reads back a little, one in a second reads back by `FAR`, and no event is passed on twice. The
    events of an aggregate come in order of `sequence`; between aggregates, an event that was committed late comes after
    others with higher ids. An event is missed if its transaction was open for longer than `FAR`, or if the clock of its
    process is late by more.
    """

    def __init__(self, history: History, *, commits: CommitSignal, clock: Clock) -> None:
        self._history = history
        self._commits = commits
        self._clock = clock
        self._polled: datetime | None = None
        self._polled_far: datetime | None = None
        self._seen: set[Position] = set()
        self._stopping = threading.Event()

    def run(self, notify: Callable[[Sequence[JournalEntry]], None]) -> None:
        """Pass new events on until `stop` is called; wait while the store is unavailable."""
        unavailable = False
        while not self._stopping.is_set():
            seen = self._commits.count
            try:
                found = self.poll()
            except StoreUnavailable as error:
                if not unavailable:
                    _log.warning("sockets receive no events at this moment: %s", error)
                unavailable = True
                self._stopping.wait(_PAUSE)
                continue
            unavailable = False
            if found:
                self._pass_on(found, notify)
            self._commits.wait(seen, _WAIT)
            self._stopping.wait(_LINGER)

    def _pass_on(self, found: Sequence[JournalEntry], notify: Callable[[Sequence[JournalEntry]], None]) -> None:
        try:
            notify(found)
        except Exception:  # noqa: BLE001 - whatever fails there, the next events must be passed on
            _log.exception("%d events were not passed on", len(found))

    def stop(self) -> None:
        """Let `run` return."""
        self._stopping.set()
        self._commits.wake()

    def poll(self) -> Sequence[JournalEntry]:
        """Return the events since the last call, in order, and none at the first call; raises StoreUnavailable."""
        now = self._clock.now()
        begun = self._polled is not None
        last = min(now, self._polled or now)
        # A clock that was set back would otherwise read back by `NEAR` only until it is where it was.
        far = self._polled_far is None or abs(now - self._polled_far) >= _FAR_INTERVAL
        found = self._read(EventFilter(first=first_id_at(last - (FAR if far else NEAR))))
        fresh = {_position_of(entry): entry for entry in found if _position_of(entry) not in self._seen}
        fresh |= self._predecessors(fresh, first_id_at(last - FAR)) if begun else {}
        if far:
            self._seen, self._polled_far = {_position_of(entry) for entry in found}, now
        self._seen |= fresh.keys()
        self._polled = now
        return order_by_sequence(list(fresh.values()), _itself) if begun else []

    def _predecessors(self, fresh: Mapping[Position, JournalEntry], first: UUID) -> dict[Position, JournalEntry]:
        """Return what comes before fresh events in their aggregates, if a late commit has kept it from being found.

        It was visible before they were committed, so that reading the events of these accounts now finds it.
        """
        after_unseen = {
            entry.subject
            for (aggregate, aggregate_id, sequence), entry in fresh.items()
            if sequence > 1
            and (aggregate, aggregate_id, sequence - 1) not in fresh
            and (aggregate, aggregate_id, sequence - 1) not in self._seen
        }
        found = chain.from_iterable(self._read(EventFilter(user_id=subject, first=first)) for subject in after_unseen)
        return {position: entry for entry in found if (position := _position_of(entry)) not in self._seen}

    def _read(self, event_filter: EventFilter) -> list[JournalEntry]:
        found = list(self._history.page(event_filter, limit=_PAGE, after=None))
        page = found
        while len(page) == _PAGE:
            page = list(self._history.page(event_filter, limit=_PAGE, after=page[-1].id))
            found += page
        return found


def _position_of(entry: JournalEntry) -> Position:
    return entry.aggregate, entry.aggregate_id, entry.sequence


def _itself(entry: JournalEntry) -> JournalEntry:
    return entry
