import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount_click.table import align, display_width, printable


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
