from dataclasses import dataclass, field, fields, make_dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Literal, Optional, Union
from uuid import UUID

import pytest

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.profiles import PROFILES
from hexaccount.accounts.role import Role
from hexaccount.kernel.records import TYPES, Field, RecordType, Unique, fields_of
from hexaccount.sessions.sessions import REFRESH_TOKENS
from hexaccount.signing_keys.signing_keys import SIGNING_KEYS

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A record with a field of each type, some of them nullable, and with what is not stored."""

    pattern: ClassVar[str] = "[a-z]+"

    code: str
    owner: UUID
    number: int
    valid: bool
    issued_at: datetime
    doors: tuple[str, ...]
    holder: UUID | None = None
    nickname: str | None = None
    floor: int | None = None
    checked: bool | None = None
    returned_at: datetime | None = None
    lifts: tuple[str, ...] | None = None
    seal: str = field(default="", repr=False)
    salt: str | None = field(default=None, repr=False)
    seen: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict, repr=False)
    weight: float = 0.0
    either: str | int = ""
    other: "Badge | None" = None


NOT_STORED = ["seen", "names", "weight", "either", "other"]
BADGES = RecordType.of(Badge, "badges", kind="badge", leave_out=NOT_STORED)
BADGE = Badge(
    code="a",
    owner=UUID(int=1),
    number=7,
    valid=True,
    issued_at=NOON,
    doors=("east", "west"),
    nickname="blue",
    lifts=(),
    salt="salt",
)
ROW = ("a", UUID(int=1), 7, True, NOON, ("east", "west"), None, "blue", None, None, None, (), "", "salt")


def test_a_dataclass_has_a_field_of_each_type_null_where_its_hint_says_so_and_secret_where_it_is_not_shown() -> None:
    assert BADGES.fields == (
        Field("code", str),
        Field("owner", UUID),
        Field("number", int),
        Field("valid", bool),
        Field("issued_at", datetime),
        Field("doors", tuple),
        Field("holder", UUID, nullable=True),
        Field("nickname", str, nullable=True),
        Field("floor", int, nullable=True),
        Field("checked", bool, nullable=True),
        Field("returned_at", datetime, nullable=True),
        Field("lifts", tuple, nullable=True),
        Field("seal", str, secret=True),
        Field("salt", str, nullable=True, secret=True),
    )
    assert {each.type for each in BADGES.fields} == set(TYPES)


def test_the_given_fields_and_those_of_the_class_are_left_out() -> None:
    names = [each.name for each in BADGES.fields]
    assert {*names, *NOT_STORED} == {each.name for each in fields(Badge)}
    assert set(names).isdisjoint({*NOT_STORED, "pattern"})
    assert [each.name for each in fields_of(Badge, leave_out=[*NOT_STORED, "code"])] == names[1:]


@pytest.mark.parametrize("name", NOT_STORED)
def test_a_field_of_another_type_is_refused_unless_it_is_left_out(name: str) -> None:
    others = [each for each in NOT_STORED if each != name]
    with pytest.raises(TypeError, match=rf"^the field {name} is of type .*; it may be of one of UUID, str, int, bool"):
        RecordType.of(Badge, "badges", kind="badge", leave_out=others)


@pytest.mark.parametrize(
    ("hint", "stored", "nullable"),
    [
        (str, str, False),
        (tuple[str, ...], tuple, False),
        (Optional[int], int, True),  # noqa: UP045 - both spellings must do
        (Union[None, UUID], UUID, True),  # noqa: UP007
        (Optional[tuple[str, ...]], tuple, True),  # noqa: UP045
        (None | datetime, datetime, True),
        ("Optional[bool]", bool, True),
    ],
    ids=str,
)
def test_a_hint_of_one_storable_type_and_perhaps_none_is_a_field(hint: Any, stored: type, nullable: bool) -> None:
    (found,) = fields_of(make_dataclass("Record", [("value", hint)], namespace={"__module__": __name__}))
    assert found == Field("value", stored, nullable=nullable)


@pytest.mark.parametrize(
    "hint",
    [float, bytes, object, Any, date, list[str], dict[str, str], frozenset[str], str | int, str | int | None,
     list[str] | None, None, type(None), Literal["a"], Badge, Role],
    ids=str,
)  # fmt: skip
def test_a_hint_of_no_storable_type_or_of_several_is_refused(hint: Any) -> None:
    with pytest.raises(TypeError, match=r"^the field value is of type "):
        fields_of(make_dataclass("Record", [("value", hint)]))


def test_declarations_can_name_the_type_of_their_record() -> None:
    unique = Unique[Badge]("nickname", lambda badge: LookupError(badge.code))
    kind = RecordType[Badge](
        name="badges", kind="badge", fields=BADGES.fields, load=BADGES.load, dump=BADGES.dump, unique=(unique,)
    )
    assert kind.load(ROW) == RecordType[Badge].of(Badge, "badges", kind="badge", leave_out=NOT_STORED).load(ROW)
    assert kind.unique[0].taken(BADGE).args == ("a",)


def test_a_record_is_dumped_in_the_order_of_its_fields_and_loaded_equal() -> None:
    assert BADGES.dump(BADGE) == ROW
    assert BADGES.load(ROW) == BADGE


def test_a_loaded_record_has_defaults_for_what_is_not_stored() -> None:
    stored = Badge(code="a", owner=UUID(int=1), number=7, valid=True, issued_at=NOON, doors=(), seen=["x"], weight=2.0)
    loaded = BADGES.load(BADGES.dump(stored))
    assert (loaded.seen, loaded.weight) == ([], 0.0)


@pytest.mark.parametrize("row", [ROW[:-1], (*ROW, None), ()])
def test_a_row_of_another_length_is_not_loaded(row: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="zip"):
        BADGES.load(row)


def test_the_first_field_is_the_key() -> None:
    assert BADGES.key == Field("code", str)
    assert [kind.key.name for kind in (PROFILES, REFRESH_TOKENS, SIGNING_KEYS)] == ["id", "digest", "kid"]


def test_a_field_is_found_in_a_row_by_its_position() -> None:
    assert [BADGES.position(each.name) for each in BADGES.fields] == list(range(len(ROW)))
    assert ROW[BADGES.position("nickname")] == "blue"


@pytest.mark.parametrize("name", ["", "seen", "CODE"])
def test_an_unknown_field_has_no_position(name: str) -> None:
    with pytest.raises(ValueError, match="not in list"):
        BADGES.position(name)


def test_options_of_the_declaration_are_kept() -> None:
    def taken(badge: Badge) -> Exception:
        return LookupError(badge.code)

    kind = RecordType.of(Badge, "badges", kind="badge", taken=taken, leave_out=NOT_STORED)
    assert (kind.name, kind.kind, kind.taken) == ("badges", "badge", taken)
    assert (BADGES.unique, BADGES.look_ups) == ((), ())
    assert (BADGES.reference, BADGES.taken, BADGES.part_of) == (None, None, None)


def test_two_declarations_of_one_name_are_distinct() -> None:
    again = RecordType.of(Badge, "badges", kind="badge", leave_out=NOT_STORED)
    assert again != BADGES
    assert len({again, BADGES}) == 2


def test_an_aggregate_is_loaded_with_its_version_and_without_events() -> None:
    profile = Profile.create(UUID(int=1), NOON)
    profile.update({"bio": "written"}, NOON)
    loaded = PROFILES.load(PROFILES.dump(profile))
    assert (loaded.id, loaded.version, loaded.pending, loaded.bio) == (UUID(int=1), 2, [], "written")
    assert "pending" not in {each.name for each in PROFILES.fields}


def test_salts_and_sealed_keys_are_secrets() -> None:
    assert [each.name for each in (*REFRESH_TOKENS.fields, *SIGNING_KEYS.fields) if each.secret] == ["salt", "sealed"]
