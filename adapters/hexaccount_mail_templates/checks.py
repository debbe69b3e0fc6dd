"""Checks of a folder that replaces words, so that an error shows before a message needs them."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

from hexaccount_mail_templates.errors import InvalidTemplate
from hexaccount_mail_templates.samples import OPTIONAL, SAMPLES
from hexaccount_mail_templates.wording import LAYOUT, Wording

_FILES = frozenset({LAYOUT, "locale", *(f"{kind}.txt" for kind in SAMPLES)})


def check(folder: Path, languages: Sequence[str], wording: Callable[[str], Wording]) -> None:
    """Write every kind of message in every language, with and without optional values.

    Raises InvalidTemplate for the first file that cannot be used, and OSError if one cannot be read.
    """
    for file in sorted(folder.iterdir()):
        if file.name in _FILES - {"locale"} and not file.is_file():
            raise InvalidTemplate(file, None, "put a file there, or remove it: it is a folder or a link to nothing")
        if file.name not in _FILES and not file.name.startswith(("_", ".")):
            remedy = f"name it as one of {', '.join(sorted(_FILES))}; what templates include begins with _"
            raise InvalidTemplate(file, None, remedy)
    for language in languages:
        for kind in SAMPLES:
            _check_kind(folder, kind, wording(language))


def _check_kind(folder: Path, kind: str, wording: Wording) -> None:
    values = SAMPLES[kind]
    without = {name: None if name in OPTIONAL else value for name, value in values.items()}
    for words in (wording.write(kind, without), wording.write(kind, values)):
        link = str(values.get("link", ""))
        if not words.subject:
            raise InvalidTemplate(folder / f"{kind}.txt", 1, "begin with a line that is the subject")
        if link not in words.text:
            raise InvalidTemplate(folder / f"{kind}.txt", None, "write {{ link }} on a line of its own")
        if escape(link) not in words.html:
            raise InvalidTemplate(folder / LAYOUT, None, "show `link` of each block that has one")
