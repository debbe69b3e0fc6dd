from pathlib import Path


class InvalidTemplate(Exception):
    """A template or a catalogue cannot be used; the text names the file, the line where it is known, and the remedy."""

    def __init__(self, file: Path | str, line: int | None, remedy: str) -> None:
        """Name the file, the line counted from 1, and what the author of the file has to change."""
        super().__init__(f"{file}, line {line}: {remedy}" if line else f"{file}: {remedy}")
