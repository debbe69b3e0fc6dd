import re
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest

from hexaccount_mail_templates import SAMPLES, FileTemplates
from hexaccount_mail_templates.samples import OPTIONAL

TEMPLATES = FileTemplates()
LOCALES = ["en", "fa"]
# To an address that may be a stranger's, or because of a stranger.
TO_STRANGERS = ["verification", "email_change", "address_taken"]
NASTY = (
    "<script>alert('1')</script> \"&amp;\" {{ link }} %(when)s 100% {% endraw %}\n"
    "Bcc: eve@example.org\r\n\u2028- Time: never"
)


class Parts(HTMLParser):
    """The elements of a document, the URLs to which it links, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.shown = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_data(self, data: str) -> None:
        self.shown += data


def every_message(locale: str = "en", **changed: object):
    """Return every kind with its words, some of its values changed."""
    for kind, values in SAMPLES.items():
        yield kind, TEMPLATES.write(kind, locale, {**values, **{n: v for n, v in changed.items() if n in values}})


@pytest.mark.parametrize("locale", LOCALES)
def test_every_kind_shows_its_link_in_both_parts(locale: str) -> None:
    for kind, words in every_message(locale):
        values = SAMPLES[kind]
        link = values.get("link") or values["recovery_link"]
        assert words.subject, kind
        if kind != "account_disabled":
            assert link in words.text.splitlines(), kind
            assert Parts(words.html).links == [link], kind


@pytest.mark.parametrize("locale", LOCALES)
def test_both_parts_say_the_same(locale: str) -> None:
    def spoken(text: str) -> set[str]:
        return set(re.findall(r"\w{2,}", text))

    for kind, words in every_message(locale):
        assert spoken(f"{words.subject} {words.text}") == spoken(Parts(words.html.partition("</head>")[2]).shown), kind


def test_a_message_loads_nothing_and_carries_no_program() -> None:
    for _, words in every_message():
        parts = Parts(words.html)
        assert not parts.elements & {"img", "link", "script", "iframe", "form", "object", "video"}
        assert not parts.attributes & {"src", "background", "srcset", "onload"}
        assert "url(" not in words.html
        assert "@import" not in words.html


@pytest.mark.parametrize(("locale", "direction"), [("en", "ltr"), ("fa", "rtl")])
def test_the_html_part_names_its_language_and_direction(locale: str, direction: str) -> None:
    for _, words in every_message(locale):
        assert f'<html lang="{locale}" dir="{direction}">' in words.html


@pytest.mark.parametrize("locale", LOCALES)
def test_a_line_of_the_text_has_at_most_72_characters_unless_it_is_a_link(locale: str) -> None:
    for kind, words in every_message(locale):
        links = {str(value) for value in SAMPLES[kind].values()}
        assert [line for line in words.text.splitlines() if len(line) > 72 and line not in links] == [], kind
        assert not re.search(r"\n{3}|[ \t]\n|\A\s|\s\n\Z", words.text), kind


@pytest.mark.parametrize("locale", LOCALES)
def test_what_a_stranger_may_receive_repeats_no_text_that_anyone_has_chosen(locale: str) -> None:
    chosen = dict.fromkeys(("user_name", "first_name", "device", "inviter", "new_address"), "BUY")
    for kind in TO_STRANGERS:
        words = TEMPLATES.write(kind, locale, {**chosen, **SAMPLES[kind]})
        assert "BUY" not in f"{words.subject}{words.text}{words.html}", kind


@pytest.mark.parametrize("locale", LOCALES)
def test_a_value_that_is_none_leaves_its_line_out(locale: str) -> None:
    for kind, values in SAMPLES.items():
        optional = {name: "VALUE" for name in OPTIONAL if name in values}
        whole = TEMPLATES.write(kind, locale, {**values, **optional}).text
        rest = TEMPLATES.write(kind, locale, {**values, **dict.fromkeys(optional)}).text
        assert whole.count("VALUE") == len(optional), kind
        assert "None" not in rest, kind
        rows = [line for line in whole.splitlines() if line.startswith("- ") and "VALUE" not in line]
        assert [line for line in rest.splitlines() if line.startswith("- ")] == rows, kind


@pytest.mark.parametrize("locale", LOCALES)
def test_no_value_becomes_markup_a_line_or_a_template(locale: str) -> None:
    nasty = dict.fromkeys(("network", "device", "user_name", "inviter"), NASTY)
    for kind, words in every_message(locale, **nasty):
        plain = TEMPLATES.write(kind, locale, {**SAMPLES[kind], **{n: "x" for n in nasty if n in SAMPLES[kind]}})
        assert len(words.subject.splitlines()) == 1
        for line in ("Bcc", "Time", "- Time"):
            assert not [each for each in words.text.splitlines() if each.startswith(f"{line}: ") and "never" in each]
        assert Parts(words.html).elements == Parts(plain.html).elements, kind
        assert Parts(words.html).links == Parts(plain.html).links, kind
        if words != plain:
            kept = NASTY.partition("\n")[0]
            assert kept in " ".join(words.text.split()), kind
            assert kept in Parts(words.html).shown, kind
            assert "&lt;" not in words.text, kind


@pytest.mark.parametrize("character", '"<>&\n ')
def test_a_link_cannot_leave_its_attribute(character: str) -> None:
    for _, words in every_message(
        link=f"https://a.example/{character}onload={character}x", recovery_link="https://a.example/"
    ):
        assert not Parts(words.html).attributes & {"onload"}
        assert len(Parts(words.html).links) <= 1


@pytest.mark.parametrize(
    "character", ["\u202e", "\u2066", "\u2069", "\u200f", "\x00", "\x1b", "\u2029", "\ud800", "\u00ad"]
)
def test_invisible_characters_of_a_value_become_spaces(character: str) -> None:
    for locale in LOCALES:
        text = TEMPLATES.write("recovery", locale, {**SAMPLES["recovery"], "user_name": f"a{character}b"}).text
        assert re.search(": [\u2068]?a b[\u2069]?$", text, re.MULTILINE)
        assert text.encode()


def test_half_spaces_and_emoji_of_a_value_are_kept() -> None:
    name = "می‌خواهم 👩‍🚀"
    assert name in TEMPLATES.write("invitation", "fa", {**SAMPLES["invitation"], "inviter": name}).text


def test_a_long_value_is_cut() -> None:
    text = TEMPLATES.write("new_device", "en", {**SAMPLES["new_device"], "device": "x" * 100_000}).text
    assert f"{'x' * 199}…\n" in text


@pytest.mark.parametrize(
    ("locale", "inviter", "isolated"),
    [("en", "Ada", False), ("en", "آدا", True), ("fa", "Ada", True), ("fa", "آدا", True)],
)
def test_a_value_whose_direction_may_differ_is_isolated(locale: str, inviter: str, isolated: bool) -> None:
    words = TEMPLATES.write("invitation", locale, {**SAMPLES["invitation"], "inviter": inviter})
    assert (f"\u2068{inviter}\u2069" in words.text) is isolated
    assert inviter in words.text


@pytest.mark.parametrize(
    ("lifetime", "en", "fa"),
    [
        (timedelta(hours=1), "1 hour", "۱ ساعت"),
        (timedelta(minutes=90), "1 hour, 30 minutes", "۱ ساعت و ۳۰ دقیقه"),
        (timedelta(days=7), "7 days", "۷ روز"),
        (timedelta(days=1, hours=23, minutes=59), "1 day, 23 hours", "۱ روز و ۲۳ ساعت"),
        (timedelta(seconds=45), "45 seconds", "۴۵ ثانیه"),
        (timedelta(0), "1 second", "۱ ثانیه"),
    ],
)
def test_a_lifetime_is_never_longer_in_words_than_it_is(lifetime: timedelta, en: str, fa: str) -> None:
    for locale, words in (("en", en), ("fa", fa)):
        text = " ".join(
            TEMPLATES.write("verification", locale, {**SAMPLES["verification"], "lifetime": lifetime}).text.split()
        )
        assert f" {words}{'.' if locale == 'en' else ' پس از'}" in text


def test_a_moment_is_in_utc_and_says_so() -> None:
    moments = [
        datetime(2026, 12, 1, 21, 30, tzinfo=UTC),
        datetime(2026, 12, 2, 1, 0, tzinfo=timezone(timedelta(hours=3, minutes=30))),
    ]
    texts = {
        locale: [
            TEMPLATES.write("account_disabled", locale, {**SAMPLES["account_disabled"], "when": moment}).text
            for moment in moments
        ]
        for locale in LOCALES
    }
    assert [text.count("- Time: December 1, 2026, 9:30:00\u202fPM UTC\n") for text in texts["en"]] == [1, 1]
    assert [text.count("- زمان: ۱ دسامبر ۲۰۲۶، ساعت ۲۱:۳۰:۰۰ (UTC)\n") for text in texts["fa"]] == [1, 1]


def test_a_new_address_is_hidden_from_the_old_one() -> None:
    for locale in LOCALES:
        words = TEMPLATES.write("email_change_requested", locale, SAMPLES["email_change_requested"])
        assert "g…@example.net" in words.text
        assert "grace" not in f"{words.text}{words.html}"


def test_persian_words_have_no_latin_digits_outside_of_values() -> None:
    for kind, words in every_message("fa", network=None, device=None):
        rest = words.text
        for value in (*SAMPLES[kind].values(), "accounts.example.org"):
            rest = rest.replace(str(value), "")
        assert not re.search("[0-9]", rest), kind


def test_words_do_not_say_what_they_contain_where_they_are_logged() -> None:
    assert "token" not in repr(TEMPLATES.write("recovery", "en", SAMPLES["recovery"]))
