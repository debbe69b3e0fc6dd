import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from threading import Lock
from typing import Any

from hypothesis import currently_in_test_context

from hexaccount.passwords.password import Password

# Secrets that are recognized by their form.
FORMS = {
    "a password hash": r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{22}|\$bcrypt-sha256\$v=2,t=2b,r=\d+\$[./A-Za-z0-9]{22}",
    "a signed token": r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{20,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a secret of a webhook": r"whsec_[\w+/]{20,}",
    "a credential of a header": r"(?i:\b(?:bearer|basic) +)[\w.~+/-]{20,}",
}
_FORMS = {kind: re.compile(form) for kind, form in FORMS.items()}
_SECRET_NAMES = re.compile(r"passw|refresh|access$|device|secret|key$|token$", re.IGNORECASE)
# A list of sessions calls the user agent so; a device token is at least as long.
_USER_AGENT = re.compile(r".{,39}|.*[^\w-].*", re.DOTALL)
_REMEMBERED = 256


class KnownSecrets:
    """The secrets that tests give to the service and get from it.

    It remembers the latest 256 of each kind, as every record is searched for all of them. Secrets of a known form need
    not be remembered.
    """

    def __init__(self) -> None:
        self._learning = Lock()
        self._known: dict[str, dict[str, set[str]]] = {}
        self._searched: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self._known.values()))

    def learn(self, kind: str, text: str) -> None:
        """Remember a secret, unless it is so short or plain that it may occur anywhere by chance.

        Texts that Hypothesis generates are not remembered: they are many, and often occur anywhere.
        """
        plain = len(text) < 12 or len(set(text)) < 5
        if plain or _form_of(text) or currently_in_test_context():
            return
        with self._learning:
            known = self._known.setdefault(kind, {})
            spellings = known.pop(text, None)
            known[text] = spellings or {text, repr(text)[1:-1], json.dumps(text)[1:-1]}
            if spellings is None:
                if len(known) > _REMEMBERED:
                    del known[next(iter(known))]
                self._searched = tuple(
                    (kind, one) for kind in self._known for all_ in self._known[kind].values() for one in all_
                )

    def learn_hidden_fields(self, message: Any) -> None:
        """Remember the fields of a message or an answer that `repr` hides."""
        if not is_dataclass(message) or isinstance(message, type):
            return
        values = {field.name: (field.repr, getattr(message, field.name)) for field in fields(message)}
        shown = {str(value).casefold() for is_shown, value in values.values() if is_shown}
        for name, (is_shown, value) in values.items():
            text = value.text if isinstance(value, Password) else value
            if is_shown:
                self.learn_hidden_fields(value)
            elif isinstance(text, str) and text.casefold() not in shown:
                self.learn(f"the {name} of {type(message).__name__}", text)

    def learn_document(self, document: Any) -> None:
        """Remember the texts in JSON, or an environment, that have only names of secrets."""
        texts = list(_named_texts(document))
        shown = {text.casefold() for name, text in texts if not _SECRET_NAMES.search(name)}
        for name, text in texts:
            agent = name == "device" and _USER_AGENT.fullmatch(text)
            if _SECRET_NAMES.search(name) and text.casefold() not in shown and not agent:
                self.learn(f"the {name} of a document", text)

    def kind_in(self, text: str) -> str | None:
        """Return the kind of the first secret in a text, None if there is none."""
        return _form_of(text) or next((kind for kind, secret in self._searched if secret in text), None)


def _form_of(text: str) -> str | None:
    return next((kind for kind, form in _FORMS.items() if form.search(text)), None)


def _named_texts(document: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(document, str):
        yield name, document
    elif isinstance(document, dict):
        for inner, value in document.items():
            yield from _named_texts(value, str(inner))
    elif isinstance(document, list):
        for value in document:
            yield from _named_texts(value, name)
