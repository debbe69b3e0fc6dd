"""Catalogues of gettext, read without being compiled before."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from hexaccount_mail_templates.errors import InvalidTemplate
from hexaccount_mail_templates.languages import catalogue_file

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def parse_locale(folders: Sequence[Path], language: str) -> Locale:
    """Return what Babel knows of a language; raises InvalidTemplate for an unknown one."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError) as error:
        files = [file for folder in folders if (file := catalogue_file(folder, language)).is_file()]
        remedy = "name the folder of the catalogue after a language that Babel knows, such as pt_BR"
        raise InvalidTemplate(files[0], None, f"{remedy}; {error}") from error


def translations(folders: Sequence[Path], language: str) -> NullTranslations:
    """Return the sentences in a language, those of earlier folders first; raises InvalidTemplate and OSError."""
    files = [file for folder in folders if (file := catalogue_file(folder, language)).is_file()]
    found: NullTranslations | None = None
    for catalogue in map(_read, reversed(files)):
        if found is not None:
            catalogue.add_fallback(found)
        found = catalogue
    return found or NullTranslations()


def read(file: Path) -> Catalog:
    """Return what is in a file; raises InvalidTemplate if it is malformed or is not in UTF-8."""
    text = decoded(file)
    try:
        return read_po(BytesIO(text.encode()), charset="utf-8", abort_invalid=True)
    except PoFileError as error:
        raise InvalidTemplate(file, error.lineno + 1, f"correct the syntax; {error.args[0]}") from error
    except (ValueError, SyntaxError) as error:
        raise InvalidTemplate(file, None, f"correct the syntax; {error}") from error


def decoded(file: Path) -> str:
    """Return the text of a file; raises InvalidTemplate if it is not in UTF-8."""
    content = file.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidTemplate(file, content[: error.start].count(b"\n") + 1, "write the file in UTF-8") from error


def _read(file: Path) -> NullTranslations:
    catalogue = read(file)
    for line, remedy in faults(catalogue):
        raise InvalidTemplate(file, line, remedy)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    return GNUTranslations(BytesIO(compiled.getvalue()))


def faults(catalogue: Catalog) -> Iterator[tuple[int | None, str]]:
    """Yield the line and the remedy of each translation that a template could not fill in."""
    for message in catalogue:
        if isinstance(message.id, str) and message.id and message.string and not _fits(message):
            wanted = ", ".join(sorted(placeholders(str(message.id)))) or "none"
            yield message.lineno, f"use the placeholders of the sentence ({wanted}), and write %% for a percent sign"


def _fits(message: Message) -> bool:
    source, translated = str(message.id), str(message.string)
    try:
        translated % placeholders(source)
    except (KeyError, TypeError, ValueError):
        return False
    return placeholders(source) == placeholders(translated)


def placeholders(sentence: str) -> Counter[str]:
    """Return the names of the values in a sentence, and how often each occurs."""
    return Counter(_PLACEHOLDER.findall(sentence))
