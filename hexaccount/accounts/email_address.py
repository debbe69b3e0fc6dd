import unicodedata
from dataclasses import dataclass, field

from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.text import is_invisible

_ATEXT = "!#$%&'*+-/=?^_`{|}~"
_FORM = "must have the form name@example.org"


@dataclass(frozen=True, slots=True, init=False)
class EmailAddress:
    """An e-mail address: a dot-atom at a domain of two or more labels (RFC 5321, RFC 6531).

    At most 254 octets, 64 of them before the `@`. Two addresses are the same when their keys are equal: compatibility
    forms and case are folded on both sides of the `@`, and `xn--` labels are decoded.
    """

    text: str = field(compare=False)
    key: str

    longest = 254

    def __init__(self, text: str) -> None:
        if len(text) > self.longest:
            raise InvalidValue(f"is too long; at most {self.longest} octets are allowed")
        address = unicodedata.normalize("NFC", text)
        key = fold_address(address)
        for spelling in (address, key):
            _check(spelling)
        object.__setattr__(self, "text", address)
        object.__setattr__(self, "key", key)

    @classmethod
    def recall(cls, text: str) -> "EmailAddress":
        """Return an address from the journal, where it may have been recorded under earlier rules."""
        return cls.restore(text, fold_address(text))

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
    """Return the key by which an address is compared."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    local, at, domain = folded.rpartition("@")
    return local + at + ".".join(_decode(label) for label in domain.split("."))


def _decode(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        decoded = unicodedata.normalize("NFKC", label[4:].encode("ascii").decode("punycode").casefold())
    except UnicodeError:
        decoded = ""
    if not decoded or decoded.startswith("xn--") or "." in decoded or "@" in decoded:
        raise InvalidValue("has a domain label that is not valid Punycode")
    return decoded


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
    labels = domain.split(".")
    if len(labels) < 2 or not all(_is_label(label) for label in labels):
        raise InvalidValue(_FORM)


def _is_atom(atom: str) -> bool:
    return bool(atom) and all(_is_letter(character) or character in _ATEXT for character in atom)


def _is_label(label: str) -> bool:
    inner = all(_is_letter(character) or character == "-" for character in label)
    return 1 <= len(label) <= 63 and inner and not label.startswith("-") and not label.endswith("-")


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" and not is_invisible(character)
