"""Record types: what a capability stores, declared once for every store.

A store keeps a record type as a table, a collection or a dictionary, with a column for each field and one more for the
revision, which the store counts itself: each update of a record raises it, and succeeds only if it is still the one
that was read (compare-and-set).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Generic, Protocol, Self, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hexaccount.kernel.periods import ENDED, Period

R = TypeVar("R")

Row: TypeAlias = tuple[Any, ...]
"""The values of a record in the order of its type's fields."""

TYPES = (UUID, str, int, bool, datetime, tuple)
"""The types of fields; a tuple is one of texts, a datetime is in UTC and whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field: one of TYPES, None too where it is nullable. A `secret` is never shown.

    `added_as` is the value in records that were stored before the field was declared; one that may not be null needs
    it, unless it is as old as its record type.
    """

    name: str
    type: type
    nullable: bool = False
    secret: bool = False
    added_as: Any = None


@dataclass(frozen=True)  # no slots: a generic class with both cannot be called as Unique[R](…)
class Unique(Generic[R]):
    """No two records have the same value of `field`, None aside; a value is free after the commit that frees it.

    `taken` returns the error that a commit raises for a record whose value another one has.
    """

    field: str
    taken: Callable[[R], Exception]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """The records whose fields `equal` have given values, and whose field `above` exceeds one, by ascending key.

    `above` is a number or a moment; a record that has None there is not found. `descending` reverses the order.
    `indexed` are the fields of an index that serves the look-up, whose last is the key; none where the key alone does.
    """

    equal: tuple[str, ...] = ()
    above: str | None = None
    descending: bool = False
    indexed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of `field` is the key of a record of the type `to`; both are read in one round trip."""

    field: str
    to: "RecordType[Any]"


@dataclass(frozen=True, kw_only=True, eq=False)
class RecordType(Generic[R]):
    """The declaration of what a capability stores.

    name: of the table or collection.
    kind: what a person calls one of them.
    fields: the first is the key.
    load: makes a record of the values of the fields, in their order.
    dump: returns these values.
    unique: what else must be unique; of several rules that a commit breaks, the first declared names the error.
    taken: returns the error for a new record whose key another one has; by default it is StaleVersion.
    part_of: returns the kind and the key that StaleVersion names, where they are not those of the record.
    """

    name: str
    kind: str
    fields: tuple[Field, ...]
    load: Callable[[Row], R]
    dump: Callable[[R], Row]
    unique: tuple[Unique[R], ...] = ()
    look_ups: tuple[LookUp, ...] = ()
    reference: Reference | None = None
    taken: Callable[[R], Exception] | None = None
    part_of: Callable[[R], tuple[str, object]] | None = None

    @classmethod
    def of(
        cls,
        record: type[R],
        name: str,
        *,
        kind: str,
        leave_out: Collection[str] = (),
        added: Mapping[str, object] = MappingProxyType({}),
        **options: Any,
    ) -> Self:
        """Return the type of a dataclass, whose first field is the key; raises TypeError unless all are of TYPES.

        added: the fields that a later version added, with their values in the records of earlier ones.
        """
        declared = fields_of(record, leave_out=leave_out, added=added)
        names = [field.name for field in declared]

        def load(row: Row) -> R:
            return record(**dict(zip(names, row, strict=True)))

        def dump(stored: R) -> Row:
            return tuple([getattr(stored, name) for name in names])

        return cls(name=name, kind=kind, fields=declared, load=load, dump=dump, **options)

    @property
    def key(self) -> Field:
        return self.fields[0]

    def position(self, field: str) -> int:
        """Return the position of a field in a row."""
        return [each.name for each in self.fields].index(field)


def fields_of(
    record: type[Any], *, leave_out: Collection[str] = (), added: Mapping[str, object] = MappingProxyType({})
) -> tuple[Field, ...]:
    """Return the fields of a dataclass; those hidden by `repr=False` are secrets. Raises TypeError."""
    hints = get_type_hints(record)
    return tuple(
        replace(_field(field.name, hints[field.name], secret=not field.repr), added_as=added.get(field.name))
        for field in fields(record)
        if field.name not in leave_out
    )


def _field(name: str, hint: Any, *, secret: bool) -> Field:
    options = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    kinds = [get_origin(option) or option for option in options if option is not NoneType]
    if len(kinds) != 1 or kinds[0] not in TYPES:
        allowed = ", ".join(kind.__name__ for kind in TYPES)
        raise TypeError(f"the field {name} is of type {hint}; it may be of one of {allowed}, or that and None")
    return Field(name, kinds[0], nullable=NoneType in options, secret=secret)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expiry:
    """Records that have expired, because a moment in one of the fields `ends` has passed.

    kind: the name of these records in logs and metrics.
    of_reference: `ends` are fields of the record that the record refers to.
    unless_referred_by: a type of records that keep one to which they refer.
    erases: the secret to erase; without it the record itself is removed.
    kept: how long after its end.
    """

    kind: str
    record_type: RecordType[Any]
    ends: tuple[str, ...]
    of_reference: bool = False
    unless_referred_by: RecordType[Any] | None = None
    erases: str | None = None
    kept: Period = ENDED


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """The record types that a store keeps, and when their records expire, in the order of their removal."""

    record_types: tuple[RecordType[Any], ...]
    expiries: tuple[Expiry, ...] = ()

    def of_kind(self, kind: str) -> RecordType[Any] | None:
        """Return the record type of a kind, such as that of an aggregate."""
        return next((each for each in self.record_types if each.kind == kind), None)


class Records(Protocol[R]):
    """The records of one type within a unit of work, in which a record that is read twice is one object."""

    def get(self, key: object) -> R | None: ...

    def find(self, field: str, value: object) -> R | None:
        """Return the record with this value of a unique field."""
        ...

    def with_references(self, key: object) -> tuple[Any, ...] | None:
        """Return a record, the one that it refers to, and so on, read at one moment and in one round trip."""
        ...

    def page(self, look_up: LookUp, *, limit: int | None, after: object = None, **values: object) -> Sequence[R]:
        """Return up to `limit` records that a look-up finds by these values, after the key `after` in its order.

        A page lacks those of its records that this unit of work is going to remove.
        """
        ...

    def prefetch(self, keys: Sequence[object]) -> None:
        """Read these records at once, so that `get` need not read them one by one."""
        ...

    def add(self, record: R) -> None:
        """At commit, store a new record; raises the error of a taken key at once if one is known with its key."""
        ...

    def replace(self, record: R) -> None:
        """At commit, store a record in place of the one with its key that this unit of work has read."""
        ...

    def remove(self, record: R) -> None:
        """At commit, remove a record that this unit of work has read."""
        ...
