import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount_mail_templates import FileTemplates
from hexaccount_mail_templates.languages import best_match


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("fa", "fa"),
        ("FA-ir", "fa"),
        ("fa_IR", "fa"),
        ("fa-Arab-IR-x-private", "fa"),
        ("fa-IR, en;q=0.5", "fa"),
        ("en;q=0.5, fa;q=0.9", "fa"),
        ("de, fa;q=0.3, *;q=0.1", "fa"),
        ("de;q=0, fa;q=0.001", "fa"),
        ("fa;q=0", "en"),
        ("en-GB, fa;q=0.9", "en"),
        ("fas", "en"),
        ("de", "en"),
        ("*", "en"),
        ("", "en"),
        ("fa;q=2", "en"),
        ("fa;q=nan", "en"),
        ("fa;level=1", "en"),
        (",;=,,-;q=,fa", "fa"),
    ],
)
def test_the_best_language_is_chosen(wanted: str, language: str) -> None:
    assert FileTemplates().locale(wanted) == language


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("zh-Hant-CN-x-private1", "zh-Hant"), ("zh-TW", "zh-Hant"), ("pt-PT", "pt-BR"), ("pt-br", "pt-BR"), ("p", "en")],
)
def test_a_range_is_shortened_from_its_end(wanted: str, language: str) -> None:
    assert best_match(wanted, ["en", "pt-BR", "zh-Hant"]) == language


def test_only_the_first_thousand_characters_of_a_header_count() -> None:
    assert [FileTemplates().locale(f"{'x' * length},fa") for length in (997, 998)] == ["fa", "en"]


@given(st.text())
def test_no_text_is_refused(wanted: str) -> None:
    assert FileTemplates().locale(wanted) in {"en", "fa"}
