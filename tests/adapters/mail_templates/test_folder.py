"""A folder of the operator replaces words; its errors show when it is opened."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hexaccount_mail_templates import SAMPLES, FileTemplates, InvalidTemplate
from hexaccount_mail_templates.languages import catalogue_file
from hexaccount_mail_templates.templates import WORDS

RECOVERY = SAMPLES["recovery"]
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_an_empty_folder_changes_nothing(tmp_path: Path) -> None:
    for locale in ("en", "fa"):
        changed, shipped = (
            each.write("recovery", locale, RECOVERY) for each in (FileTemplates(tmp_path), FileTemplates())
        )
        assert changed == shipped


def test_a_template_replaces_that_of_the_package_alone(tmp_path: Path, write) -> None:
    write("recovery.txt", "For {{ user_name }}\n\nGo on:\n{{ link }}\n{% include '_foot.txt' %}\n")
    write("_foot.txt", "\nThe example team\n")
    templates = FileTemplates(tmp_path)
    words = templates.write("recovery", "fa", RECOVERY)
    assert (words.subject, words.text) == (
        "For \u2068grace\u2069",
        f"Go on:\n{RECOVERY['link']}\n\nThe example team\n",
    )
    assert "The example team" in words.html
    assert "گذرواژه" in templates.write("password_changed", "fa", SAMPLES["password_changed"]).subject


def test_a_subject_is_one_line_whatever_its_values_contain(tmp_path: Path, write) -> None:
    write("recovery.txt", "For {{ user_name }}\n\n{{ link }}\n")
    for separator in ("\r\n", "\u2028", "\u0085", "\x0b", "\u202e"):
        words = FileTemplates(tmp_path).write("recovery", "en", {**RECOVERY, "user_name": f"a{separator}Bcc: b"})
        assert words.subject == "For a Bcc: b"
        assert words.text == f"{RECOVERY['link']}\n"


def test_the_layout_escapes_when_it_is_replaced(tmp_path: Path, write) -> None:
    write("layout.html", "<p>{% for block in blocks %}{{ block.text }}{{ block.rows }}{{ block.link }}{% endfor %}</p>")
    html = FileTemplates(tmp_path).write("recovery", "en", {**RECOVERY, "user_name": "<b>&"}).html
    assert "&lt;b&gt;&amp;" in html
    assert "<b>" not in html


def test_a_catalogue_adds_a_language_and_replaces_single_sentences(tmp_path: Path, write) -> None:
    write("locale/de/LC_MESSAGES/hexaccount_mail.po", f'{HEAD}msgid "Time"\nmsgstr "Zeit"\n')
    write("locale/fa/LC_MESSAGES/hexaccount_mail.po", f'{HEAD}msgid "Time"\nmsgstr "وقت"\n')
    templates = FileTemplates(tmp_path)
    assert [templates.locale(tag) for tag in ("de-AT", "fa", "fr")] == ["de", "fa", "en"]
    german = templates.write("recovery", "de", RECOVERY)
    assert german.subject == "Choose a new password"
    assert "- Zeit: 1. Dezember 2026, 14:03:49 UTC\n" in german.text
    persian = templates.write("recovery", "fa", RECOVERY).text
    assert "- وقت: " in persian
    assert "- شبکه: " in persian


PO = "locale/fa/LC_MESSAGES/hexaccount_mail.po"
LIFETIME = "You can use the link once, within %(lifetime)s."


@pytest.mark.parametrize(
    ("name", "text", "place", "remedy"),
    [
        ("recovery.txt", "A\n\n{{ link }}\n{% if %}", "recovery.txt, line 4: ", "correct the syntax"),
        ("recovery.txt", "A\n\n{{ lnk }}", "recovery.txt, line 3: ", "use only the values that docs/mail"),
        ("recovery.txt", "A\n{{ when / 0 }}", "recovery.txt, line 2: ", "TypeError"),
        ("_details.txt", "\n- Time: {{ time }}", "_details.txt, line 2: ", "'time' is undefined"),
        ("recovery.txt", "A\n\n{% include '_x.txt' %}", "recovery.txt, line 3: ", "include a file that exists"),
        ("recovery.txt", "{% trans %}Hi {{ nam }}{% endtrans %}\n\n{{ link }}", "recovery.txt, line 1: ", "'nam'"),
        ("recovery.txt", "\n", "recovery.txt, line 1: ", "begin with a line that is the subject"),
        ("recovery.txt", "A\n\nNo way.", "recovery.txt: ", "write {{ link }} on a line of its own"),
        ("layout.html", "{{ subject }}", "layout.html: ", "show `link` of each block"),
        ("layout.html", "\n\n{% for %}", "layout.html, line 3: ", "correct the syntax"),
        ("recovry.txt", "A", "recovry.txt: ", "name it as one of account_disabled.txt, "),
        (PO, f"{HEAD}msgid Time\n", f"{PO}, line 5: ", "correct the syntax"),
        (PO, f'{HEAD}msgid "{LIFETIME}"\nmsgstr "%(lifetme)s"\n', f"{PO}, line 5: ", "use the placeholders"),
        (PO, f'{HEAD}msgid "{LIFETIME}"\nmsgstr "no"\n', f"{PO}, line 5: ", "sentence (lifetime)"),
        (PO, f'{HEAD}msgid "Time"\nmsgstr "100 %"\n', f"{PO}, line 5: ", "%% for a percent sign"),
        ("locale/xx_YY/LC_MESSAGES/hexaccount_mail.po", HEAD, "hexaccount_mail.po: ", "a language that Babel knows"),
    ],
)
def test_an_error_is_found_at_opening_and_names_file_line_and_remedy(
    tmp_path: Path, write, *, name: str, text: str, place: str, remedy: str
) -> None:
    write(name, text)
    with pytest.raises(InvalidTemplate) as refused:
        FileTemplates(tmp_path)
    assert f"{tmp_path}/" in str(refused.value)
    assert place in str(refused.value)
    assert remedy in str(refused.value)


@pytest.mark.parametrize("name", ["recovery.txt", "layout.html", "_details.txt", PO])
def test_a_file_that_is_not_in_utf_8_is_named(tmp_path: Path, write, name: str) -> None:
    write(name, "").write_bytes(b"\n\xe9")
    with pytest.raises(InvalidTemplate, match=re.escape(f"{tmp_path / name}, line 2: write the file in UTF-8")):
        FileTemplates(tmp_path)


def test_a_link_to_nothing_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "recovery.txt").symlink_to("gone.txt")
    with pytest.raises(InvalidTemplate, match=re.escape(f"{tmp_path}/recovery.txt: put a file there")):
        FileTemplates(tmp_path)


def test_a_change_after_the_check_has_no_effect(tmp_path: Path, write) -> None:
    write("recovery.txt", "A\n\n{{ link }}")
    templates = FileTemplates(tmp_path)
    write("recovery.txt", "B {{ unknown }}")
    assert templates.write("recovery", "en", RECOVERY).subject == "A"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        FileTemplates(tmp_path / "words")
    assert missing.value.filename == str(tmp_path / "words")


def test_a_copy_of_all_words_is_accepted(tmp_path: Path, write) -> None:
    for file in (*WORDS.glob("*.*"), catalogue_file(WORDS, "fa")):
        write(str(file.relative_to(WORDS)), file.read_text(encoding="utf-8"))
    assert FileTemplates(tmp_path).write("recovery", "fa", RECOVERY) == FileTemplates().write(
        "recovery", "fa", RECOVERY
    )
