"""`migrate` adds what record types declare and the migrations have not made."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance.suites.factory import Factory
from hexaccount.kernel.records import LookUp, RecordSchema, RecordType
from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import SchemaTooOld
from hexaccount_sql import SqlStore
from hexaccount_system import Uuid7Identifiers


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """The first form of a record of another package."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LongerNote(Note):
    """Its second form."""

    folder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StricterNote(LongerNote):
    """A form that records of the others do not have."""

    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedNote(Note):
    """A form with fields of every type that the first one does not have."""

    rank: int
    pinned: bool
    shelf: str
    tags: tuple[str, ...]
    due: datetime
    owner: UUID


ADDED = {
    "rank": 7,
    "pinned": False,
    "shelf": "it's",
    "tags": ("a", "b"),
    "due": datetime(2026, 1, 2, tzinfo=UTC),
    "owner": UUID(int=1),
}
_IN_FOLDER = LookUp(equal=("folder",), indexed=("folder", "id"))
NOTES = RecordType.of(Note, "notes", kind="note")
LONGER_NOTES = RecordType.of(LongerNote, "notes", kind="note", look_ups=(_IN_FOLDER,))
STRICTER_NOTES = RecordType.of(StricterNote, "notes", kind="note")
RANKED_NOTES = RecordType.of(RankedNote, "notes", kind="note", added=ADDED)


def with_type(record_type: RecordType[Note]) -> RecordSchema:
    ours = record_schema()
    return replace(ours, record_types=(*ours.record_types, record_type))


@pytest.fixture
def opened(blank_url: str, request: pytest.FixtureRequest) -> Callable[[RecordSchema], SqlStore]:
    """Return a function that opens the database with a schema."""

    def open_it(records: RecordSchema) -> SqlStore:
        recorder = EventRecorder(Uuid7Identifiers(), "urn:hexaccount:sql")
        store = SqlStore(blank_url, recorder=recorder, records=records)
        request.addfinalizer(store.close)
        return store

    return open_it


def test_a_new_record_type_needs_a_migration_and_is_kept_after_it(
    opened: Callable[[RecordSchema], SqlStore], factory: Factory
) -> None:
    opened(record_schema()).migrate()
    store = opened(with_type(NOTES))
    assert store.is_behind()
    with pytest.raises(SchemaTooOld, match="lacks notes"):
        store.check()
    assert store.migrate() == store.migrate() == "0001"
    store.check()
    assert not store.is_behind()
    add(store, NOTES, Note(id="a", text="first"))
    opened(record_schema()).check()


def test_a_new_nullable_field_and_an_index_are_added_to_stored_records(
    opened: Callable[[RecordSchema], SqlStore],
) -> None:
    before = opened(with_type(NOTES))
    before.migrate()
    add(before, NOTES, Note(id="a", text="first"))
    after = opened(with_type(LONGER_NOTES))
    assert after.is_behind()
    after.migrate()
    assert not after.is_behind()
    add(after, LONGER_NOTES, LongerNote(id="b", text="second", folder="inbox"))
    with after.unit_of_work() as uow:
        notes = uow.records(LONGER_NOTES)
        assert notes.get("a") == LongerNote(id="a", text="first")
        assert notes.page(_IN_FOLDER, limit=9, folder="inbox") == [notes.get("b")]
    with after._engine.connect() as connection:
        assert [index["name"] for index in sa.inspect(connection).get_indexes("notes")] == ["notes_folder"]
    # The release before goes on meanwhile.
    add(before, NOTES, Note(id="c", text="third"))


def test_a_new_field_that_stored_records_cannot_have_is_refused(opened: Callable[[RecordSchema], SqlStore]) -> None:
    opened(with_type(NOTES)).migrate()
    with pytest.raises(StoreRefused, match=r"author of notes .* make it nullable, or declare its value"):
        opened(with_type(STRICTER_NOTES)).migrate()
    opened(with_type(NOTES)).check()


def test_a_new_field_with_a_value_for_stored_records_is_added(opened: Callable[[RecordSchema], SqlStore]) -> None:
    before = opened(with_type(NOTES))
    before.migrate()
    add(before, NOTES, Note(id="a", text="first"))
    after = opened(with_type(RANKED_NOTES))
    assert after.is_behind()
    after.migrate()
    assert not after.is_behind()
    # The release before goes on meanwhile.
    add(before, NOTES, Note(id="b", text="second"))
    with after.unit_of_work() as uow:
        notes = uow.records(RANKED_NOTES)
        assert notes.get("a") == RankedNote(id="a", text="first", **ADDED)
        notes.replace(RankedNote(id="b", text="second", **{**ADDED, "rank": 8}) if notes.get("b") else None)
        uow.commit()
    with after.unit_of_work() as uow:
        assert uow.records(RANKED_NOTES).get("b").rank == 8


def add(store: SqlStore, record_type: RecordType[Note], note: Note) -> None:
    with store.unit_of_work() as uow:
        uow.records(record_type).add(note)
        uow.commit()
