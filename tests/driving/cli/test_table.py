import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount_click.table import align, display_width, fit, printable


def test_columns_are_as_wide_as_their_widest_cell():
    assert align([["ID", "NAME", "ROLE"], ["1", "Ada", "user"], ["20", "Bartholomew", "admin"]]) == [
        "ID  NAME         ROLE",
        "1   Ada          user",
        "20  Bartholomew  admin",
    ]


def test_east_asian_characters_take_two_columns_and_accents_none():
    assert align([["NAME", "|"], ["山田", "|"], ["\uff57ide", "|"], ["Zoe\u0308", "|"], ["한", "|"]]) == [
        "NAME   |",
        "山田   |",
        "\uff57ide  |",
        "Zoe\u0308    |",
        "한     |",
    ]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        pytest.param("\U0001f469\U0001f3fd\u200d\U0001f680", 2, id="several-joined"),
        pytest.param("\u2764\ufe0f", 2, id="emoji-presentation"),
        pytest.param("\u2708\ufe0e", 1, id="text-presentation"),
        pytest.param("\U0001f1e9\U0001f1ea", 2, id="flag"),
        pytest.param("1\ufe0f\u20e3", 2, id="key"),
        pytest.param("\U0001f469\u200d\U0001f469\u200d\U0001f467 a", 4, id="family"),
    ],
)
def test_an_emoji_takes_two_columns_of_however_many_characters_it_is(text, columns):
    assert display_width(text) == columns
    assert align([[text, "|"], ["abcd", "|"]])[0] == text + " " * (4 - columns) + "  |"


ID = ["01a20430-1fd8-70d8-a2a5-17c9e5b40a0e", "…e5b40a0e"]
TIME = ["2026-11-30T16:34:55.123Z", "2026-11-30 16:34", "2026-11-30"]


def test_a_table_that_fits_is_not_shortened():
    assert fit([[["ID"], ["TIME"]], [ID, TIME]], 62) == [["ID", "TIME"], [ID[0], TIME[0]]]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (61, ["…e5b40a0e", "2026-11-30 16:34", "Bartholomew Featherstonehaugh"]),
        (50, ["…e5b40a0e", "2026-11-30 16:34", "Bartholomew Feathers…"]),
        (40, ["…e5b40a0e", "2026-11-30", "Bartholomew Fe…"]),
        (28, ["…e5b40a…", "2026-11…", "Barthol…"]),
        (5, ["……", "2…", "B…"]),
    ],
)
def test_a_table_is_shortened_to_the_terminal(columns, shown):
    assert fit([[["ID"], ["TIME"], ["NAME"]], [ID, TIME, ["Bartholomew Featherstonehaugh"]]], columns)[1] == shown


def test_a_wide_character_is_not_cut_in_two():
    assert fit([[["山田太郎山田太郎"], ["a" * 10]]], 23) == [["山田太郎山…", "a" * 10]]
    assert fit([[["山田太郎山田太郎"], ["a" * 10]]], 22) == [["山田太郎…", "a" * 10]]


@given(
    st.lists(st.lists(st.text(max_size=40), min_size=3, max_size=3), min_size=1, max_size=5),
    st.integers(10, 200),
)
def test_every_table_fits_the_terminal(rows, columns):
    lines = align(fit([[[cell] for cell in row] for row in rows], columns))
    assert max(map(display_width, lines)) <= columns


def test_lines_have_no_trailing_spaces():
    assert align([["A", "LONG"], ["1", ""]]) == ["A  LONG", "1"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("abc\u202egnp.exe", r"abc\u202egnp.exe"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
        ("\x9b2J", r"\x9b2J"),
        ("\u2028", r"\u2028"),
        ("\udcff", r"\udcff"),
        ("\U000e0041", r"\U000e0041"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("Zoë 山田\u3000太郎", "Zoë 山田\u3000太郎"),
    ],
)
def test_characters_that_move_hide_or_reorder_are_escaped(text, shown):
    assert printable(text) == shown


@given(st.lists(st.lists(st.text(max_size=8), min_size=3, max_size=3), min_size=1, max_size=5))
def test_every_cell_stays_in_its_column_and_line(rows):
    rows = [[*row, "end"] for row in rows]
    lines = align(rows)
    assert len(lines) == len(rows)
    assert len({display_width(line) for line in lines}) == 1
    assert all(unicodedata.category(character) not in {"Cc", "Cs"} for line in lines for character in line)
