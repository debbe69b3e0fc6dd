import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
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

_FAR_INTERVAL = timedelta(seconds=1)
_WAIT = 0.25
_LINGER = 0.02
_PAUSE = 1.0
_PAGE = 500
_log = logging.getLogger("hexaccount.realtime")


class JournalTail:
    """Follows the journal from now on, for listeners that have no durable subscription.

    Several processes make events and commit them later, so that one may become visible after others with higher ids.
    Each poll therefore reads back a little, one in a second reads back by `FAR`, and no event is passed on twice. An
    event is missed if its transaction was open for longer, or if the clock of its process is late by more.
    """

    def __init__(self, history: History, *, commits: CommitSignal, clock: Clock) -> None:
        self._history = history
        self._commits = commits
        self._clock = clock
        self._polled: datetime | None = None
        self._polled_far: datetime | None = None
        self._seen: set[UUID] = set()
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
        self._commits.give()

    def poll(self) -> Sequence[JournalEntry]:
        """Return the events since the last call, in order, and none at the first call; raises StoreUnavailable."""
        now = self._clock.now()
        begun = self._polled is not None
        last = min(now, self._polled or now)
        far = self._polled_far is None or now - self._polled_far >= _FAR_INTERVAL
        found = self._since(first_id_at(last - (FAR if far else NEAR)))
        fresh = [entry for entry in found if entry.id not in self._seen]
        if far:
            self._seen, self._polled_far = {entry.id for entry in found}, now
        else:
            self._seen.update(entry.id for entry in fresh)
        self._polled = now
        return order_by_sequence(fresh, _itself) if begun else []

    def _since(self, first: UUID) -> list[JournalEntry]:
        event_filter = EventFilter(first=first)
        found = list(self._history.page(event_filter, limit=_PAGE, after=None))
        page = found
        while len(page) == _PAGE:
            page = list(self._history.page(event_filter, limit=_PAGE, after=page[-1].id))
            found += page
        return found


def _itself(entry: JournalEntry) -> JournalEntry:
    return entry
