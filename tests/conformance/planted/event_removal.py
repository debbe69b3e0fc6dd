"""Bugs in removing events from the journal and in putting them back."""

from collections.abc import Collection, Sequence
from uuid import UUID

import pytest

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.retention.expired_events import ExpiredEvents
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_memory.retention import MemoryRetentionStore
from hexaccount_memory.tables import Tables
from tests.conformance.planted.bugs import found_by


def remove_all(tables: Tables, event_ids: Collection[UUID]) -> int:
    """Remove events, delivered or not."""
    removed = 0
    with tables.lock:
        for journal in tables.journal.values():
            kept = [entry for entry in journal if entry.id not in event_ids]
            removed += len(journal) - len(kept)
            journal[:] = kept
    return removed


@found_by("EventRemoval", "test_an_event_stays_while_it_is_pending")
def pending_events_are_removed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryRetentionStore, "remove_events", lambda self, event_ids: remove_all(self.tables, event_ids))


@found_by("EventRemoval", "test_a_dead_letter_keeps_its_event")
def events_of_dead_letters_are_removed(patch: pytest.MonkeyPatch) -> None:
    def remove(self: MemoryRetentionStore, event_ids: Collection[UUID]) -> int:
        pending = {
            delivery.entry.id
            for aggregates in self.tables.deliveries.values()
            for deliveries in aggregates.values()
            for delivery in deliveries
            if not delivery.dead_letter
        }
        return remove_all(self.tables, set(event_ids) - pending)

    patch.setattr(MemoryRetentionStore, "remove_events", remove)


@found_by("EventRemoval", "test_a_removed_event_is_gone_and_the_others_stay")
def a_removal_takes_the_earlier_events_with_it(patch: pytest.MonkeyPatch) -> None:
    remove_events = MemoryRetentionStore.remove_events

    def remove(self: MemoryRetentionStore, event_ids: Collection[UUID]) -> int:
        stored = [entry.id for journal in self.tables.journal.values() for entry in journal]
        return remove_events(self, [each for each in stored if each <= max(event_ids, default=UUID(int=0))])

    patch.setattr(MemoryRetentionStore, "remove_events", remove)


@found_by("EventRemoval", "test_what_the_journal_lacks_is_not_removed")
def what_is_asked_for_counts_as_removed(patch: pytest.MonkeyPatch) -> None:
    remove_events = MemoryRetentionStore.remove_events

    def remove(self: MemoryRetentionStore, event_ids: Collection[UUID]) -> int:
        remove_events(self, event_ids)
        return len(event_ids)

    patch.setattr(MemoryRetentionStore, "remove_events", remove)


@found_by("EventRemoval", "test_a_removed_event_is_not_enqueued_and_holds_up_no_other")
def removed_events_are_enqueued(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryOutbox, "_in_the_journal", lambda _self, entries: list(entries))


@found_by("EventRemoval", "test_a_removed_event_is_not_enqueued_and_holds_up_no_other")
def a_step_with_a_removed_event_enqueues_nothing(patch: pytest.MonkeyPatch) -> None:
    in_the_journal = MemoryOutbox._in_the_journal

    def all_or_nothing(self: MemoryOutbox, entries: Sequence[JournalEntry]) -> list[JournalEntry]:
        found = in_the_journal(self, entries)
        return found if len(found) == len(entries) else []

    patch.setattr(MemoryOutbox, "_in_the_journal", all_or_nothing)


@found_by("EventRemoval", "test_restored_events_are_at_their_places_again")
def restored_events_come_last(patch: pytest.MonkeyPatch) -> None:
    def restore(self: MemoryRetentionStore, entries: Sequence[JournalEntry]) -> int:
        added = 0
        for entry in entries:
            journal = self.tables.journal[entry.aggregate, entry.aggregate_id]
            if entry not in journal:
                journal.append(entry)
                added += 1
        return added

    patch.setattr(MemoryRetentionStore, "restore_events", restore)


@found_by("EventRemoval", "test_restored_events_are_at_their_places_again")
def events_are_restored_twice(patch: pytest.MonkeyPatch) -> None:
    def restore(self: MemoryRetentionStore, entries: Sequence[JournalEntry]) -> int:
        for entry in entries:
            journal = self.tables.journal[entry.aggregate, entry.aggregate_id]
            journal.append(entry)
            journal.sort(key=lambda each: each.sequence)
        return len(entries)

    patch.setattr(MemoryRetentionStore, "restore_events", restore)


@found_by("EventRemoval", "test_restored_events_are_not_delivered")
def restored_events_are_delivered(patch: pytest.MonkeyPatch) -> None:
    restore_events = MemoryRetentionStore.restore_events

    def restore(self: MemoryRetentionStore, entries: Sequence[JournalEntry]) -> int:
        restored = restore_events(self, entries)
        for subscriber in self.tables.subscriptions:
            MemoryOutbox.enqueue(_outbox_of(self.tables), subscriber, entries)
        return restored

    patch.setattr(MemoryRetentionStore, "restore_events", restore)


@found_by("EventRemoval", "test_a_sequence_is_never_given_twice")
def a_removal_forgets_the_versions(patch: pytest.MonkeyPatch) -> None:
    remove_events = MemoryRetentionStore.remove_events

    def remove(self: MemoryRetentionStore, event_ids: Collection[UUID]) -> int:
        removed = remove_events(self, event_ids)
        for table in self.tables.records.values():
            names = [field.name for field in table.record_type.fields]
            for key, row in list(table.rows.items()):
                if "version" in names:
                    journal = self.tables.journal.get((table.record_type.kind, key), [])
                    values = list(row.values)
                    values[names.index("version")] = len(journal)
                    table.put(key, type(row)(tuple(values), row.revision))
        return removed

    patch.setattr(MemoryRetentionStore, "remove_events", remove)


@found_by("EventRemoval", "test_events_of_a_session_expire_after_its_record")
def events_of_stored_sessions_expire(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ExpiredEvents, "_without_record", lambda _self, entries: [entry.id for entry in entries])


@found_by("EventRemoval", "test_kept_events_do_not_hide_later_ones_that_have_expired")
def only_the_first_page_of_events_expires(patch: pytest.MonkeyPatch) -> None:
    def remove(self: ExpiredEvents, expired: EventFilter, limit: int) -> int:
        return self.store.remove_events(self._without_record(self.history.page(expired, limit=limit, after=None)))

    patch.setattr(ExpiredEvents, "_remove", remove)


def _outbox_of(tables: Tables) -> MemoryOutbox:
    return MemoryOutbox(tables, CommitSignal())
