"""Which languages there are, and the choice of one: RFC 4647, 3.4, for Accept-Language headers (RFC 9110, 12.5.4)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

SOURCE = "en"
"""The language in which the templates are written."""

# Real headers are shorter, and the time for a tag of many subtags grows with the square of its length.
_LONGEST = 1000
_FILE = Path("LC_MESSAGES/hexaccount_mail.po")


def catalogue_file(folder: Path, language: str) -> Path:
    """Return where a folder has the catalogue of a language."""
    return folder / "locale" / language.replace("-", "_") / _FILE


def available_languages(folders: Sequence[Path]) -> list[str]:
    """Return the tags of the source and of the languages that have a catalogue."""
    found = {file.parts[-3] for folder in folders for file in folder.glob(f"locale/*/{_FILE}")}
    return sorted({SOURCE, *(name.replace("_", "-") for name in found)})


def best_match(wanted: str, available: Sequence[str]) -> str:
    """Return the available tag that fits best, SOURCE if none does; malformed parts of the header are ignored."""
    by_key = {tag.lower(): tag for tag in available}
    for language_range in _ranges(wanted):
        subtags = language_range.split("-")
        while subtags:
            key = "-".join(subtags)
            longer = (tag for known, tag in by_key.items() if known.startswith(f"{key}-"))
            if found := by_key.get(key) or next(longer, None):
                return found
            subtags.pop()
    return SOURCE


def _ranges(wanted: str) -> Iterator[str]:
    """Yield the language ranges in lower case, the preferred ones first."""
    weighed = []
    for part in wanted[:_LONGEST].lower().replace("_", "-").split(","):
        language_range, _, parameter = part.partition(";")
        quality = _quality(parameter.strip())
        if quality > 0 and (stripped := language_range.strip()) != "*":
            weighed.append((quality, stripped))
    for _, language_range in sorted(weighed, key=lambda each: -each[0]):
        yield language_range


def _quality(parameter: str) -> float:
    """Return the weight, which is 1 if there is none, and 0 if it is malformed."""
    if not parameter:
        return 1.0
    try:
        quality = float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
