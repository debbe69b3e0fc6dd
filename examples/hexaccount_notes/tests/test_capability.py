"""The kit's suite for capabilities, on every store that HEXACCOUNT_NOTES_STORES names (URLs, separated by spaces)."""

import os
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import pytest

from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.stores import open_store
from hexaccount.conformance import CapabilityContract, CapabilityUnderTest
from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_notes import capability
from hexaccount_notes.commands import notes
from hexaccount_notes.http import routes
from hexaccount_notes.note import NOTES, Note

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def note(text: str) -> Note:
    return Note.write(uuid4(), UUID(int=7), text, NOON)


def opened(url: str, recorder: EventRecorder, records: RecordSchema) -> Store:
    return open_store(Settings(store=url), recorder, records)


class TestNotes(CapabilityContract):
    @pytest.fixture
    def under_test(self) -> CapabilityUnderTest:
        removed = note("no longer needed")
        removed.remove(NOON)
        urls = os.environ.get("HEXACCOUNT_NOTES_STORES", "memory://").split()
        return CapabilityUnderTest(
            package="hexaccount_notes",
            capability=capability,
            samples={NOTES: [note("one"), note("two\nlines"), removed]},
            routes=[routes],
            commands=[notes],
            stores=[partial(opened, url) for url in urls],
        )
