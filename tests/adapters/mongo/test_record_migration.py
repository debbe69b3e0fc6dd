"""`migrate` makes the collections of record types that this package does not know."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.kernel.records import LookUp, RecordSchema, RecordType
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import SchemaTooOld
from hexaccount_mongo import MongoStore
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
class RankedNote(Note):
    """A form with a field that the first one does not have."""

    rank: int


_BY_RANK = LookUp(equal=("rank",), indexed=("rank", "id"))
_IN_FOLDER = LookUp(equal=("folder",), indexed=("folder", "id"))
NOTES = RecordType.of(Note, "notes", kind="note")
LONGER_NOTES = RecordType.of(LongerNote, "notes", kind="note", look_ups=(_IN_FOLDER,))
RANKED_NOTES = RecordType.of(RankedNote, "notes", kind="note", added={"rank": 7}, look_ups=(_BY_RANK,))


def with_type(record_type: RecordType[Note]) -> RecordSchema:
    ours = record_schema()
    return replace(ours, record_types=(*ours.record_types, record_type))


@pytest.fixture
def opened(url: str, request: pytest.FixtureRequest) -> Callable[[RecordSchema], MongoStore]:
    """Return a function that opens the database with a schema."""

    def open_it(records: RecordSchema) -> MongoStore:
        store = MongoStore(url, recorder=EventRecorder(Uuid7Identifiers(), "urn:hexaccount:mongo"), records=records)
        request.addfinalizer(store.close)
        return store

    return open_it


def test_a_new_record_type_needs_a_migration_and_is_kept_after_it(opened: Callable[[RecordSchema], MongoStore]) -> None:
    opened(record_schema()).migrate()
    store = opened(with_type(NOTES))
    with pytest.raises(SchemaTooOld, match="lacks notes"):
        store.check()
    store.migrate()
    store.check()
    note = Note(id="a", text="first")
    add(store, NOTES, note)
    with store.unit_of_work() as uow:
        assert uow.records(NOTES).get("a") == note


def test_a_new_nullable_field_is_null_in_stored_records(opened: Callable[[RecordSchema], MongoStore]) -> None:
    before = opened(with_type(NOTES))
    before.migrate()
    add(before, NOTES, Note(id="a", text="first"))
    after = opened(with_type(LONGER_NOTES))
    after.migrate()
    add(after, LONGER_NOTES, LongerNote(id="b", text="second", folder="inbox"))
    with after.unit_of_work() as uow:
        notes = uow.records(LONGER_NOTES)
        assert notes.get("a") == LongerNote(id="a", text="first")
        assert notes.page(_IN_FOLDER, limit=9, folder="inbox") == [notes.get("b")]
    assert "notes_folder" in after._database["notes"].index_information()
    # The release before goes on meanwhile.
    add(before, NOTES, Note(id="c", text="third"))


def test_a_new_field_with_a_value_for_stored_records_is_added(opened: Callable[[RecordSchema], MongoStore]) -> None:
    before = opened(with_type(NOTES))
    before.migrate()
    add(before, NOTES, Note(id="a", text="first"))
    after = opened(with_type(RANKED_NOTES))
    after.migrate()
    # The release before goes on meanwhile.
    add(before, NOTES, Note(id="b", text="second"))
    with after.unit_of_work() as uow:
        notes = uow.records(RANKED_NOTES)
        assert notes.page(_BY_RANK, limit=9, rank=7) == [RankedNote(id="a", text="first", rank=7)]
        assert notes.get("b") == RankedNote(id="b", text="second", rank=7)
        notes.replace(RankedNote(id="b", text="second", rank=8))
        uow.commit()
    with after.unit_of_work() as uow:
        assert uow.records(RANKED_NOTES).get("b").rank == 8


def add(store: MongoStore, record_type: RecordType[Note], note: Note) -> None:
    with store.unit_of_work() as uow:
        uow.records(record_type).add(note)
        uow.commit()
