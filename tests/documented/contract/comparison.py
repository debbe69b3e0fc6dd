"""Compares two dumps; what they say in words is counted apart from their structure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_WORDING = {"description", "summary", "title", "detail", "help", "help_text", "metavar", "message"}
"""Keys whose texts clients do not depend on; as the name of a field or a header, such a key holds no text."""
_SETS = {"enum", "parameters", "security", "tags"}
"""Keys of lists whose order has no meaning, as that of a list of texts never has."""
_REFERENCE = "#/components/schemas/"

Renames = Mapping[str, Mapping[str, str]]


@dataclass
class Differences:
    """Structural differences as lines, and the paths of texts that differ."""

    structural: list[str] = field(default_factory=list)
    wording: list[str] = field(default_factory=list)
    unused_renames: list[str] = field(default_factory=list)


def compare(before: Mapping[str, Any], after: Mapping[str, Any], renames: Renames) -> Differences:
    """Compare two dumps after the names of the first were renamed, each table of renames in its section."""
    found = Differences()
    used: set[str] = set()
    renamed = {name: _renamed(part, renames.get(name, {}), name, used) for name, part in before.items()}
    _walk(renamed, after, "", found)
    listed = [f"{section}: {old}" for section, names in renames.items() for old in names]
    found.unused_renames = [name for name in listed if name not in used]
    return found


def _renamed(part: Any, names: Mapping[str, str], section: str, used: set[str]) -> Any:
    def name_of(old: str) -> str:
        stem = old.removeprefix(_REFERENCE)
        if stem not in names:
            return old
        used.add(f"{section}: {stem}")
        return old.removesuffix(stem) + names[stem]

    if isinstance(part, dict):
        return {name_of(key): _renamed(value, names, section, used) for key, value in part.items()}
    if isinstance(part, list):
        return [_renamed(value, names, section, used) for value in part]
    return name_of(part) if isinstance(part, str) else part


def _walk(before: Any, after: Any, path: str, found: Differences) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            _walk_member(before, after, key, f"{path}/{key}", found)
    elif isinstance(before, list) and isinstance(after, list):
        if _are_texts(before) and _are_texts(after):
            _compare_texts(before, after, path, found)
        else:
            _walk_list(before, after, path, found)
    elif type(before) is not type(after) or before != after:
        found.structural.append(f"{path}: {_shown(before)} is now {_shown(after)}")


def _walk_member(before: dict[str, Any], after: dict[str, Any], key: str, path: str, found: Differences) -> None:
    if key in _WORDING and all(isinstance(side.get(key, ""), str | None) for side in (before, after)):
        if before.get(key) != after.get(key):
            found.wording.append(path)
    elif key not in after:
        found.structural.append(f"{path}: {_shown(before[key])} is gone")
    elif key not in before:
        found.structural.append(f"{path}: {_shown(after[key])} is new")
    else:
        ordered = [
            sorted(side[key], key=_sorting) if key in _SETS and isinstance(side[key], list) else side[key]
            for side in (before, after)
        ]
        _walk(*ordered, path, found)


def _are_texts(members: list[Any]) -> bool:
    return all(isinstance(member, str) for member in members)


def _compare_texts(before: list[str], after: list[str], path: str, found: Differences) -> None:
    gone = [f"{_shown(text)} is gone" for text in before if text not in after]
    new = [f"{_shown(text)} is new" for text in after if text not in before]
    if gone or new:
        found.structural.append(f"{path}: {', '.join(gone + new)}")


def _walk_list(before: list[Any], after: list[Any], path: str, found: Differences) -> None:
    if len(before) != len(after):
        found.structural.append(f"{path}: {_shown(before)} is now {_shown(after)}")
        return
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        _walk(old, new, f"{path}/{number}", found)


def _sorting(value: Any) -> str:
    return json.dumps(list(_without_wording(value)), sort_keys=True)


def _without_wording(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from ((key, list(_without_wording(value[key]))) for key in sorted(value.keys() - _WORDING))
    elif isinstance(value, list):
        yield from (list(_without_wording(member)) for member in value)
    else:
        yield value


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 200 else f"{text[:200]}…"
