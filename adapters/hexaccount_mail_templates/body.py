"""The form of a message: a rendered template is a subject and blocks, which become plain text."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from textwrap import fill

_WIDTH = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph (`text`), a link with the text that leads to it (may be empty), or rows of label and value."""

    text: str = ""
    link: str = ""
    rows: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """The text of the button of a link."""
        return self.text.rstrip(" :\u00a0\u202f") or self.link

    def as_text(self) -> str:
        """Return lines of at most 72 characters, but for longer words; a link is a line."""
        lines = [_wrapped(f"- {label}: {value}") for label, value in self.rows]
        return "\n".join([*lines, *filter(None, (_wrapped(self.text), self.link))])


def split(rendered: str, links: Collection[str]) -> tuple[str, list[Block]]:
    """Return the subject, which is the first line, and the blocks, which empty lines separate.

    A paragraph whose last line is one of the links becomes a button; one of lines `- label: value` becomes rows.
    """
    subject, *lines = [line.strip() for line in rendered.strip().splitlines()] or [""]
    blocks: list[Block] = []
    for paragraph in re.split(r"\n{2,}", "\n".join(lines).strip()):
        block = _block(paragraph.split("\n"), links)
        if block.rows and blocks and blocks[-1].rows:  # a condition between them leaves an empty line
            block = Block(rows=blocks.pop().rows + block.rows)
        blocks.append(block)
    return subject, blocks


def _block(lines: list[str], links: Collection[str]) -> Block:
    if lines[-1] in links:
        return Block(text=" ".join(lines[:-1]), link=lines[-1])
    rows = [re.fullmatch(r"- (.+?): (.+)", line) for line in lines]
    if all(rows):
        return Block(rows=tuple((row[1], row[2]) for row in rows if row))
    return Block(text=" ".join(lines))


def _wrapped(text: str) -> str:
    hanging = "  " if text.startswith("- ") else ""
    return fill(text, _WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)
