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
        "juliet@" + "\u00e9." * 30 + "example",
        "juliet@a1.\u05d0\u05d1\u05d2",
        "juliet@\u05d0\u05d1\u05d2.\u05d01.example",
        "juliet@1.\u00e9.example",
        "juliet@xn--mnchen-3ya.example",
        "juliet@r3---sn.example",
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627@example.org",
        "para\u006c\u00b7\u006cel@example.org",
        "PARAL\u00b7LEL@example.org",
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
        "juliet@exa\u00admple.org",
        "juliet@exa\u200bmple.org",
        "juliet@exam\u00b7ple.org",
        "juliet@exam\u30fbple.org",
        "juliet@\u05f3a.org",
        "juliet@\u0627a.org",
        "juliet@\u0301a.org",
        "juliet@\U00017000\u200ca.org",
        "\U00017000\u200ca@example.org",
        "juliet@\u0378.org",
        "\u0378@example.org",
        "ju\u00b7liet@example.org",
        "juliet@b\u00fc--cher.org",
        "juliet@xn--fass.org",
        "juliet@xn--\u00e4.org",
        "juliet@xn--.org",
        "juliet@xn---.org",
        "juliet@xn--99999999.org",
        "juliet@192.0.2.1",
        "juliet@256.256",
        "juliet@example.\uff11\uff12",
        "juliet@" + "\u00e9." * 36 + "example",
        "juliet@1a.\u05d0\u05d1\u05d2",
        "juliet@\u05d0\u05d1\u05d2.1a.example",
        "juliet@\u0627\u0628.1a.\u0627\u0628",
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
        ("juliet@example\u3002org", "juliet@example.org"),
        ("juliet@\uff45xample.org", "juliet@example.org"),
        ("juliet@FA\u1e9e.example", "juliet@fa\u00df.example"),
    ],
    ids=ascii,
)
def test_two_spellings_of_one_address_are_equal(one: str, other: str) -> None:
    assert EmailAddress(one) == EmailAddress(other)
    assert EmailAddress(one).key == EmailAddress(other).key


@pytest.mark.parametrize(
    "label",
    [
        pytest.param("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc", id="non-joiner-in-persian"),
        pytest.param("\u0915\u094d\u200d\u0937", id="joiner-after-virama"),
        pytest.param("paral\u00b7lel", id="middle-dot-in-catalan"),
        pytest.param("\u30a2\u30fb\u30a4", id="katakana-dot"),
        pytest.param("\u05d0\u05f3", id="geresh"),
        pytest.param("\u05d0\u05f4\u05d1", id="gershayim"),
        pytest.param("\u0375\u03b1", id="keraia"),
        pytest.param("fa\u00df", id="sharp-s"),
        pytest.param("\u03bb\u03cc\u03b3\u03bf\u03c2", id="final-sigma"),
    ],
)
def test_a_label_of_idna_2008_is_accepted_in_both_its_spellings(label: str) -> None:
    """RFC 5892, appendix A; in UTS #46, mapping is not transitional."""
    encoded = "xn--" + label.encode("punycode").decode()
    address = EmailAddress(f"juliet@{label}.example")
    assert address.text == address.key == f"juliet@{label}.example"
    assert EmailAddress(f"juliet@{encoded}.example") == address


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("juliet@fa\u00df.example", "juliet@fass.example"),
        ("juliet@\u03bb\u03cc\u03b3\u03bf\u03c2.example", "juliet@\u03bb\u03cc\u03b3\u03bf\u03c3.example"),
        (
            "juliet@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example",
            "juliet@\u0646\u0627\u0645\u0647\u0627\u06cc.example",
        ),
        ("juliet@paral\u00b7lel.example", "juliet@parallel.example"),
    ],
    ids=ascii,
)
def test_two_domains_are_two_addresses(one: str, other: str) -> None:
    assert EmailAddress(one) != EmailAddress(other)


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


def test_the_error_for_an_invisible_character_names_it() -> None:
    with pytest.raises(InvalidValue, match=r"contains the character U\+00AD, which is invisible; remove it"):
        EmailAddress("juliet@exa\u00admple.org")
    with pytest.raises(InvalidValue, match="has a domain that cannot exist"):
        EmailAddress("juliet@exam\u00b7ple.org")


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


@given(text=addresses)
def test_an_address_may_have_its_domain_in_ascii(text: str) -> None:
    try:
        address = EmailAddress(text)
    except InvalidValue:
        assume(False)
    local, _, domain = address.key.rpartition("@")
    ascii_labels = [each if each.isascii() else f"xn--{each.encode('punycode').decode()}" for each in domain.split(".")]
    assert EmailAddress(f"{local}@{'.'.join(ascii_labels)}").key == address.key


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


def test_an_address_of_the_journal_is_recalled_with_a_domain_that_is_refused_now() -> None:
    with pytest.raises(InvalidValue):
        EmailAddress("Ann@b\u00fc--cher.example")
    assert EmailAddress.recall("Ann@b\u00fc--cher.example").key == "ann@b\u00fc--cher.example"
