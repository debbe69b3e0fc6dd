import re
import unicodedata
from dataclasses import dataclass, field

import idna

from hexaccount.accounts.precis import fits_context
from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.text import JOINERS, is_invisible

_ATEXT = "!#$%&'*+-/=?^_`{|}~"
# Most addresses are ASCII: these give what the rules for all text give, as tests compare, in a third of the time.
_ASCII_ATOM = re.compile(f"[A-Za-z0-9{re.escape(_ATEXT)}]+")
_ASCII_DOMAIN = re.compile(r"(?!.*xn--)[a-z0-9.-]*")
_FORM = "must have the form name@example.org"
_NO_DOMAIN = "has a domain that cannot exist (IDNA 2008); correct what is behind the @"
_LONGEST_DOMAIN = 253  # RFC 1035, 2.3.4, in the form that DNS has
_RIGHT_TO_LEFT = {"R", "AL", "AN"}  # a domain that has these meets the Bidi rule in each label (RFC 5893, 1.4)


@dataclass(frozen=True, slots=True, init=False)
class EmailAddress:
    """An e-mail address: a dot-atom at a domain of two or more labels (RFC 5321, RFC 6531).

    At most 254 octets, 64 of them before the `@`. Two addresses are the same when their keys are equal. The key has
    compatibility forms and case folded before the `@`; behind it are the labels to which UTS #46 maps the domain, as
    IDNA 2008 (RFC 5890) writes them, with `xn--` decoded.
    """

    text: str = field(compare=False)
    key: str

    longest = 254

    def __init__(self, text: str) -> None:
        if len(text) > self.longest:
            raise InvalidValue(f"is too long; at most {self.longest} octets are allowed")
        address = unicodedata.normalize("NFC", text)
        _check(address)
        key = fold_address(address)
        _check(key)
        _check_domain(key.rpartition("@")[2])
        object.__setattr__(self, "text", address)
        object.__setattr__(self, "key", key)

    @classmethod
    def recall(cls, text: str) -> "EmailAddress":
        """Return an address from the journal, where it may have been recorded under earlier rules."""
        try:
            return cls.restore(text, fold_address(text))
        except InvalidValue:  # its domain was allowed
            return cls.restore(text, text.casefold())

    @classmethod
    def restore(cls, text: str, key: str) -> "EmailAddress":
        """Return an address from the store, unchecked: it was checked before it was stored."""
        address = object.__new__(cls)
        object.__setattr__(address, "text", text)
        object.__setattr__(address, "key", key)
        return address

    def __str__(self) -> str:
        return self.text


def fold_address(text: str) -> str:
    """Return the key by which an address is compared; raises InvalidValue for a domain that cannot exist."""
    local, at, domain = text.rpartition("@")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", local).casefold())
    if _ASCII_DOMAIN.fullmatch(lowered := domain.lower()):
        return folded + at + lowered
    try:
        mapped = idna.uts46_remap(domain)
        return folded + at + ".".join(map(_fold_label, mapped.split(".")))
    except idna.IDNAError:
        raise InvalidValue(_NO_DOMAIN) from None


def _ascii_label(label: str) -> str:
    return label if label.isascii() else idna.alabel(label).decode()


def _fold_label(label: str) -> str:
    # Labels in ASCII may have hyphens in third and fourth place, which IDNA reserves: some have had them for long.
    return label if label.isascii() and not label.startswith("xn--") else idna.ulabel(idna.alabel(label))


def _check(address: str) -> None:
    local, at, domain = address.rpartition("@")
    if not at or not all(_is_atom(atom) for atom in local.split(".")):
        raise InvalidValue(_FORM)
    try:
        octets = len(address.encode())
        local_octets = len(local.encode())
    except UnicodeEncodeError:
        raise InvalidValue(_FORM) from None
    if octets > EmailAddress.longest or local_octets > 64:
        raise InvalidValue("is too long; at most 64 octets before the @ and 254 in all are allowed")
    if domain.isascii():
        return
    # UTS #46 drops what is invisible, so that the address would look the same as another text.
    for each in domain:
        if is_invisible(each) or (unicodedata.category(each) == "Cf" and each not in JOINERS):
            raise InvalidValue(f"contains the character U+{ord(each):04X}, which is invisible; remove it")


def _check_domain(domain: str) -> None:
    labels = domain.split(".")
    hyphens = any(label.startswith("-") or label.endswith("-") for label in labels)
    if len(labels) < 2 or hyphens or not all(1 <= len(label) <= 63 for label in labels) or labels[-1].isdecimal():
        raise InvalidValue(_FORM)
    if domain.isascii():
        return
    if len(".".join(map(_ascii_label, labels))) > _LONGEST_DOMAIN:
        raise InvalidValue("has a domain that is too long; at most 253 octets of ASCII are allowed behind the @")
    if any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in domain):
        try:
            for label in labels:
                idna.check_bidi(label, check_ltr=True)
        except idna.IDNABidiError:
            raise InvalidValue(_NO_DOMAIN) from None


def _is_atom(atom: str) -> bool:
    if atom.isascii():
        return bool(_ASCII_ATOM.fullmatch(atom))
    lowered = atom.lower()
    return bool(atom) and all(
        _is_letter(character) or character in _ATEXT or fits_context(lowered, index)
        for index, character in enumerate(lowered)
    )


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" and not is_invisible(character)
