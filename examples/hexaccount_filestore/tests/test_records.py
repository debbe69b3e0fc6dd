"""The file keeps rows of any declared record type, also of one that the running version does not know."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from hexaccount.kernel.records import LookUp, RecordSchema, RecordType, Unique
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import SchemaMismatch, Store
from hexaccount_filestore import open_store
from hexaccount_system import Uuid7Identifiers

NOON = datetime(2026, 1, 2, 12, 0, 0, 123_000, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A record with a field of every type."""

    number: int
    owner: UUID
    title: str
    valid: bool = True
    issued_at: datetime = NOON
    doors: tuple[str, ...] = ()
    secret: str | None = field(default=None, repr=False)
    returned_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterBadge:
    """The same record in a later version."""

    number: int
    owner: UUID
    title: str
    colour: str | None = None


class TitleTaken(Exception):
    pass


ALL = LookUp()
UNIQUE = (Unique("title", lambda _: TitleTaken()),)
BADGES = RecordType.of(Badge, "badges", kind="badge", unique=UNIQUE, look_ups=(ALL,))
LATER_BADGES = RecordType.of(LaterBadge, "badges", kind="badge", unique=UNIQUE, look_ups=(ALL,))
SCHEMA = RecordSchema((BADGES,))
FIRST = Badge(number=1, owner=UUID(int=7), title="\U0001f600", doors=("east", ""), secret="s", returned_at=NOON)
SECOND = Badge(number=2, owner=UUID(int=8), title="plain", valid=False)


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"filestore://{tmp_path}/accounts.journal"
    store = opened(url)
    store.migrate()
    with store.unit_of_work() as uow:
        badges = uow.records(BADGES)
        badges.add(FIRST)
        badges.add(SECOND)
        uow.commit()
    store.close()
    return url


def opened(url: str) -> Store:
    return open_store(url, EventRecorder(Uuid7Identifiers(), "urn:hexaccount:test"), SCHEMA)


def stored(url: str) -> list[Badge]:
    store = opened(url)
    with store.unit_of_work() as uow:
        found = list(uow.records(BADGES).page(ALL, limit=None))
    store.close()
    return found


def test_values_of_every_type_survive_a_restart(url: str) -> None:
    assert stored(url) == [FIRST, SECOND]


def test_rows_of_an_unknown_type_are_kept_while_others_are_written(url: str) -> None:
    store = opened(url)
    store.outbox.subscribe("listener", ["*"])
    store.close()
    assert stored(url) == [FIRST, SECOND]


def test_a_removed_row_stays_removed(url: str) -> None:
    store = opened(url)
    with store.unit_of_work() as uow:
        badges = uow.records(BADGES)
        badges.remove(FIRST)
        uow.commit()
    store.close()
    assert stored(url) == [SECOND]


def test_a_field_that_a_later_version_adds_is_none_in_earlier_rows(url: str) -> None:
    store = opened(url)
    with store.unit_of_work() as uow:
        later = uow.records(LATER_BADGES)
        assert later.get(1) == LaterBadge(number=1, owner=FIRST.owner, title=FIRST.title)
        later.replace(LaterBadge(number=1, owner=FIRST.owner, title="red", colour="red"))
        uow.commit()
    store.close()
    store = opened(url)
    with store.unit_of_work() as uow:
        found = uow.records(LATER_BADGES).find("title", "red")
    store.close()
    assert found == LaterBadge(number=1, owner=FIRST.owner, title="red", colour="red")


def test_a_unique_value_moves_to_another_row_once_it_is_free(url: str) -> None:
    store = opened(url)
    changed = [Badge(number=1, owner=FIRST.owner, title="free"), Badge(number=2, owner=SECOND.owner, title=FIRST.title)]
    for badge in changed:
        with store.unit_of_work() as uow:
            uow.records(BADGES).replace(badge)
            uow.commit()
    store.close()
    store = opened(url)
    with store.unit_of_work() as uow:
        badges = uow.records(BADGES)
        assert [badges.find("title", title) for title in ("free", FIRST.title, SECOND.title)] == [*changed, None]
        badges.add(Badge(number=3, owner=FIRST.owner, title=FIRST.title))
        with pytest.raises(TitleTaken):
            uow.commit()
    store.close()


def test_a_file_of_the_first_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.journal").write_bytes(b"hexaccount-filestore 1\n")
    with pytest.raises(SchemaMismatch):
        opened(f"filestore://{tmp_path}/old.journal").check()
