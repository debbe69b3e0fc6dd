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
"""How long after its id was made an event may become visible, and still be found."""

_FAR_LOOKS = timedelta(seconds=1)
_POLL = 0.25
_LINGER = 0.02
_PAUSE = 1.0
_PAGE = 500
_log = logging.getLogger("hexaccount.realtime")


class JournalTail:
    """Finds what is committed to the journal from now on, for those who are owed nothing.

    Several processes make events and commit them when they are done, so that one may become visible after others with
    higher ids. Each look therefore goes back a little, one in a second goes back by `FAR`, and what was told is not
    told again. Who commits a transaction that was open for longer, or by a clock that is late by more, is missed.
    """

    def __init__(self, history: History, *, commits: CommitSignal, clock: Clock) -> None:
        self._history = history
        self._commits = commits
        self._clock = clock
        self._looked: datetime | None = None
        self._looked_far: datetime | None = None
        self._told: set[UUID] = set()
        self._stopping = threading.Event()

    def run(self, tell: Callable[[Sequence[JournalEntry]], None]) -> None:
        """Tell what is new until `stop` is called; a store that is away is waited for."""
        away = False
        while not self._stopping.is_set():
            seen = self._commits.count
            try:
                found = self.news()
            except StoreUnavailable as error:
                if not away:
                    _log.warning("sockets hear nothing at this moment: %s", error)
                away = True
                self._stopping.wait(_PAUSE)
                continue
            away = False
            if found:
                self._hand(found, tell)
            self._commits.wait(seen, _POLL)
            self._stopping.wait(_LINGER)

    def _hand(self, found: Sequence[JournalEntry], tell: Callable[[Sequence[JournalEntry]], None]) -> None:
        try:
            tell(found)
        except Exception:  # noqa: BLE001 - whatever goes wrong there, others must hear of the next
            _log.exception("%d events were not told", len(found))

    def stop(self) -> None:
        """Let `run` return."""
        self._stopping.set()
        self._commits.give()

    def news(self) -> Sequence[JournalEntry]:
        """Return what was not there at the last call, in order, and nothing at the first; raises StoreUnavailable."""
        now = self._clock.now()
        begun = self._looked is not None
        last = min(now, self._looked or now)
        far = self._looked_far is None or now - self._looked_far >= _FAR_LOOKS
        found = self._since(first_id_at(last - (FAR if far else NEAR)))
        fresh = [entry for entry in found if entry.id not in self._told]
        if far:
            self._told, self._looked_far = {entry.id for entry in found}, now
        else:
            self._told.update(entry.id for entry in fresh)
        self._looked = now
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
