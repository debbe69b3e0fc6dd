import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.kernel.errors import InvalidValue


@pytest.mark.parametrize(
    "text",
    [
        "juliet@example.org",
        "j@x.yz",
        "juliet.capulet+verona@mail.example.org",
        "!#$%&'*+-/=?^_`{|}~@example.org",
        "1@1.de",
        "\u6d4b\u8bd5@\u4f8b\u5b50.\u6d4b\u8bd5",
        "jos\u00e9@m\u00fcnchen.example",
        "juliet@xn--mnchen-3ya.example",
    ],
    ids=ascii,
)
def test_a_dot_atom_at_a_domain_of_two_labels_is_an_address(text: str) -> None:
    assert str(EmailAddress(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "juliet",
        "@",
        "@example.org",
        "juliet@",
        "juliet@example",
        "juliet@@example.org",
        "a@b@example.org",
        ".juliet@example.org",
        "juliet.@example.org",
        "ju..liet@example.org",
        "juliet@.example.org",
        "juliet@example..org",
        "juliet@example.org.",
        "juliet@-example.org",
        "juliet@example-.org",
        "juliet@exam_ple.org",
        "juliet@[192.0.2.1]",
        "juliet @example.org",
        " juliet@example.org",
        "juliet@example.org ",
        "juliet@example.org\n",
        "juliet\0@example.org",
        '"juliet"@example.org',
        "Juliet <juliet@example.org>",
        "juliet(home)@example.org",
        "juliet@exa\u202emple.org",
        "juliet@exa\u200dmple.org",
        "\ud800@example.org",
        "juliet@\U0001f40e.org",
        "juliet@example\u3002org",
        "juliet@xn--\u00e4.org",
        "juliet@xn--.org",
        "juliet@xn---.org",
        "juliet@xn--99999999.org",
    ],
    ids=ascii,
)
def test_an_invalid_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        EmailAddress(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Juliet@Example.ORG", "juliet@example.org"),
        ("jose\u0301@example.org", "jos\u00e9@example.org"),
        ("JOS\u00c9@EXAMPLE.ORG", "jos\u00e9@example.org"),
        ("\uff4auliet@example.org", "juliet@example.org"),
        ("juliet@m\u00fcnchen.example", "juliet@xn--mnchen-3ya.example"),
        ("juliet@M\u00dcNCHEN.example", "juliet@XN--MNCHEN-3YA.example"),
        ("stra\u00dfe@example.org", "STRASSE@example.org"),
        ("\u03c3@example.org", "\u03c2@example.org"),
    ],
    ids=ascii,
)
def test_two_spellings_of_one_address_are_equal(one: str, other: str) -> None:
    assert EmailAddress(one) == EmailAddress(other)
    assert EmailAddress(one).key == EmailAddress(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [("juliet@example.org", "juliet+1@example.org"), ("ju.liet@example.org", "juliet@example.org")],
)
def test_provider_specific_aliases_are_different_addresses(one: str, other: str) -> None:
    assert EmailAddress(one) != EmailAddress(other)


def test_the_local_part_has_at_most_64_octets() -> None:
    assert EmailAddress("x" * 64 + "@example.org")
    assert EmailAddress("\u00e9" * 32 + "@example.org")
    for local in ("x" * 65, "\u00e9" * 33):
        with pytest.raises(InvalidValue, match="64 octets"):
            EmailAddress(local + "@example.org")


def test_an_address_has_at_most_254_octets() -> None:
    domain = ".".join(["d" * 63, "d" * 63, "d" * 61])
    longest = "x" * 64 + "@" + domain
    assert len(longest) == 254
    assert EmailAddress(longest)
    with pytest.raises(InvalidValue, match="254"):
        EmailAddress(longest + "d")
    with pytest.raises(InvalidValue, match="254"):
        EmailAddress("x@" + ".".join(["\u00e9" * 63] * 2 + ["org"]))


def test_a_label_has_at_most_63_characters() -> None:
    assert EmailAddress("x@" + "d" * 63 + ".org")
    with pytest.raises(InvalidValue, match="name@example"):
        EmailAddress("x@" + "d" * 64 + ".org")


def test_an_address_whose_key_grows_too_long_is_refused() -> None:
    with pytest.raises(InvalidValue, match="too long"):
        EmailAddress("\ufdf2" * 20 + "@example.org")


def test_an_address_keeps_the_entered_spelling() -> None:
    address = EmailAddress("Juliet@Example.org")
    assert (address.text, address.key) == ("Juliet@Example.org", "juliet@example.org")
    restored = EmailAddress.restore(address.text, address.key)
    assert (restored, restored.text) == (address, address.text)


def test_the_error_does_not_repeat_the_address() -> None:
    with pytest.raises(InvalidValue) as refusal:
        EmailAddress("juliet capulet@example.org")
    assert "capulet" not in str(refusal.value)


local_parts = st.text(st.characters(categories=["L", "N", "M"]) | st.sampled_from("!#.-+'"), min_size=1, max_size=8)
labels = st.text(st.characters(categories=["L", "N", "M"]) | st.just("-"), min_size=1, max_size=8)
addresses = st.builds(lambda local, one, two: f"{local}@{one}.{two}", local_parts, labels, labels)


@given(text=addresses)
def test_the_key_of_an_address_is_an_address_with_the_same_key(text: str) -> None:
    try:
        address = EmailAddress(text)
    except InvalidValue:
        assume(False)
    assert EmailAddress(address.key).key == address.key
    assert EmailAddress(address.text).text == address.text


@given(text=st.text(st.characters(), max_size=300) | st.builds("a@xn--{}.org".format, st.text(max_size=20)))
@example("a@xn--" + "9" * 200 + ".org")
@example("a@" + "." * 250)
def test_any_text_is_an_address_or_an_invalid_value(text: str) -> None:
    try:
        address = EmailAddress(text)
    except InvalidValue:
        return
    assert address.key.count("@") == 1


@pytest.mark.parametrize("address", ["ada\u034f@example.org", "ada\ufe0f@example.org", "ada@exam\u3164ple.org"])
def test_invisible_characters_are_refused(address: str) -> None:
    with pytest.raises(InvalidValue):
        EmailAddress(address)
