"""Parses a configuration of Logstash: sections, plugins, their settings, conditions.

https://www.elastic.co/guide/en/logstash/8.17/configuration-file-structure.html
"""

import re
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<text>"[^"]*"|'[^']*')|(?P<number>\d+(?:\.\d+)?)|(?P<field>(?:\[[@\w.-]+\])+)"""
    r"""|(?P<arrow>=>)|(?P<operator>==|!=|<=|>=|<|>|=~|!~)|(?P<word>\w+)|(?P<mark>[{}\[\],()!])"""
)


@dataclass
class Plugin:
    name: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Condition:
    tokens: list[str]
    then: list[Any]


def read(text: str) -> dict[str, list[Any]]:
    """Return the plugins and conditions of each section; raises ValueError for invalid text."""
    return _Reader(text).sections()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise ValueError(f"unexpected text {text[place : place + 20]!r}")
            if found.lastgroup:
                self._tokens.append((found.lastgroup, found[0]))
            place = found.end()

    def sections(self) -> dict[str, list[Any]]:
        found = {}
        while self._tokens:
            name = self._take("word")
            if name not in {"input", "filter", "output"}:
                raise ValueError(f"{name} is not a section")
            found[name] = self._block()
        return found

    def _block(self) -> list[Any]:
        self._take("mark", "{")
        found: list[Any] = []
        while not self._is("mark", "}"):
            name = self._take("word")
            found.append(self._condition() if name == "if" else Plugin(name, self._settings()))
        self._take("mark", "}")
        return found

    def _condition(self) -> Condition:
        tokens = []
        while not self._is("mark", "{"):
            tokens.append(self._tokens.pop(0)[1])
        return Condition(tokens, self._block())

    def _settings(self) -> dict[str, Any]:
        self._take("mark", "{")
        found = {}
        while not self._is("mark", "}"):
            name = self._take("word")
            self._take("arrow")
            found[name] = self._value()
        self._take("mark", "}")
        return found

    def _value(self) -> Any:
        if self._is("mark", "["):
            self._take("mark", "[")
            values = []
            while not self._is("mark", "]"):
                values.append(self._value())
                if self._is("mark", ","):
                    self._take("mark", ",")
            self._take("mark", "]")
            return values
        kind, value = self._tokens.pop(0)
        match kind:
            case "text":
                return value[1:-1]
            case "number":
                return float(value)
            case "word":
                return value
        raise ValueError(f"{value} is not a value")

    def _is(self, kind: str, value: str) -> bool:
        return bool(self._tokens) and self._tokens[0] == (kind, value)

    def _take(self, kind: str, value: str | None = None) -> str:
        if not self._tokens:
            raise ValueError(f"unexpected end, expected {value or kind}")
        found_kind, found = self._tokens.pop(0)
        if found_kind != kind or (value is not None and found != value):
            raise ValueError(f"unexpected {found}, expected {value or kind}")
        return found
