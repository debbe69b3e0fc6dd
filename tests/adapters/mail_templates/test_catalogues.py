"""Translations are complete, and in good form."""

import re

import pytest
from babel.messages import Catalog
from jinja2.ext import babel_extract

from hexaccount_mail_templates.catalogues import faults, read
from hexaccount_mail_templates.languages import available_languages, catalogue_file
from hexaccount_mail_templates.templates import WORDS

LANGUAGES = [language for language in available_languages([WORDS]) if language != "en"]


@pytest.fixture(params=LANGUAGES)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return read(catalogue_file(WORDS, request.param))


def sentences() -> set[str]:
    """Return what the templates say."""
    found = set()
    for file in WORDS.iterdir():
        if file.is_file():
            with file.open("rb") as template:
                extracted = babel_extract(template, ["gettext"], [], {"trimmed": "true", "newstyle_gettext": "true"})
                # One that has values comes with their names.
                found |= {each[0] if isinstance(each, tuple) else each for _, _, each, _ in extracted}
    return found


def test_persian_is_there() -> None:
    assert LANGUAGES == ["fa"]


def test_every_sentence_is_translated_and_every_translation_is_used(catalogue: Catalog) -> None:
    translated = {message.id for message in catalogue if message.id and message.string and not message.fuzzy}
    assert translated == sentences()


def test_every_translation_has_the_values_of_its_sentence(catalogue: Catalog) -> None:
    assert list(faults(catalogue)) == []


def test_no_text_of_a_template_is_left_untranslated() -> None:
    for file in WORDS.glob("*.txt"):
        rest = re.sub(r"\{% trans %\}.*?\{% endtrans %\}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"\w", re.sub(r"\{[%{].*?[%}]\}", "", rest)), file.name


def test_persian_is_written_with_its_own_letters_and_with_half_spaces() -> None:
    for message in read(catalogue_file(WORDS, "fa")):
        text = re.sub(r"%\(\w+\)s", "آ", str(message.string)) if message.id else ""
        # Arabic yeh, kaf and digits, Latin letters, digits and punctuation.
        assert not re.search("[\u064a\u0643\u0660-\u0669A-Za-z0-9,;?]", text), text
        # Spaces in the place of half-spaces, and around them.
        assert not re.search("(^| )ن?می |(^| )(ها|های|ام|ای|اید|ایم|اند)( |$|[.،؛:])", text), text
        assert not re.search("\u200c(?!\\w)|(?<!\\w)\u200c|  ", text), text
