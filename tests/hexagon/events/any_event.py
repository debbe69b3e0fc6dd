"""Hypothesis strategies for events of every type."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_type_hints
from uuid import UUID

from hypothesis import strategies as st

from hexaccount.kernel.event import Event

moments = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
texts = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    UUID: st.uuids(),
    datetime: moments,
    str: texts,
    int: st.integers(0, 2**31),
    Mapping[str, str]: st.dictionaries(st.sampled_from(["first_name", "avatar_identifier"]), texts),
}


def any_event(kind: type[Event]) -> st.SearchStrategy[Event]:
    hints = get_type_hints(kind)
    changes = st.dictionaries(st.sampled_from(["bio", "phone", "address"]), texts | st.none())
    return st.builds(kind, **{field.name: VALUES.get(hints[field.name], changes) for field in fields(kind)})
