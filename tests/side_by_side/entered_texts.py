"""The texts that the machine enters: few names, so that they collide, and texts that stores have mishandled."""

import sys

from hypothesis import strategies as st

from hexaccount.conformance.suites.texts import (
    ADVERSARIAL,
    DISTINCT_ADDRESSES,
    DISTINCT_NAMES,
    EQUIVALENT_ADDRESSES,
    EQUIVALENT_NAMES,
    FORMATTED,
)
from tests.people import PASSWORD

ATTACKS = [
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "x" * 10_000,
    "\u202eevil",
    "\u200b",
    "\ufeffbom",
    "e" + "\u0301" * 300,
    "\U0010ffff",
    "00000000-0000-7000-8000-000000000000",
    *ADVERSARIAL.values(),
    *FORMATTED.values(),
]
any_text = st.text(st.characters(max_codepoint=sys.maxunicode), max_size=40)
attacks = st.sampled_from(ATTACKS) | any_text
names = st.sampled_from(
    ["juliet", "romeo", *(name for pair in (*EQUIVALENT_NAMES.values(), *DISTINCT_NAMES.values()) for name in pair)]
)
addresses = st.sampled_from(
    [
        "juliet@example.org",
        *(one for pair in (*EQUIVALENT_ADDRESSES.values(), *DISTINCT_ADDRESSES.values()) for one in pair),
    ]
)
entered_names = names | names | names | attacks
entered_addresses = addresses | addresses | addresses | attacks
logins = names | names | addresses | attacks
free_texts = attacks
new_passwords = st.sampled_from(
    [
        "correct horse battery staple",
        "\u212bngstr\u00f6m unit",
        "A\u030angstro\u0308m unit",
        ("a long and winding road, " * 6)[:128],
        "short",
        "password123",
        "x" * 10_000,
        "nul\0nul\0nul",
        "\ud800 lone surrogate",
    ]
)
passwords = st.just(PASSWORD) | st.just(PASSWORD) | st.just(PASSWORD) | new_passwords
