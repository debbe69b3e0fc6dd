"""A record type for tests of the kit, with two unique fields."""

from dataclasses import dataclass

from hexaccount.kernel.records import RecordType, Row, Unique
from hexaccount.store_kit.transaction import RowChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A seat in a room; its label and its code are unique."""

    number: int
    label: str | None = None
    code: str | None = None
    room: str = "hall"


class LabelTaken(Exception):
    pass


class CodeTaken(Exception):
    pass


class NumberTaken(Exception):
    pass


UNIQUE: tuple[Unique[Seat], ...] = (Unique("label", lambda _: LabelTaken()), Unique("code", lambda _: CodeTaken()))
SEATS = RecordType.of(Seat, "seats", kind="seat", unique=UNIQUE)


def change_to(
    seat: Seat, revision: int = 0, *, removed: bool = False, record_type: RecordType[Seat] = SEATS
) -> RowChange:
    """Return the change that adds a seat, or that changes or removes the one of this revision."""
    values: Row | None = None if removed else record_type.dump(seat)
    return RowChange(
        record_type=record_type,
        key=seat.number,
        revision=revision,
        next_revision=revision + 1,
        values=values,
        record=seat,
    )
