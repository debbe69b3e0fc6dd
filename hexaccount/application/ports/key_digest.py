from typing import Protocol


class KeyDigest(Protocol):
    """Makes keys of what must not be read from them, such as a name for which somebody typed their password."""

    def of(self, *parts: str) -> str:
        """Return the same short text for the same parts, which nobody without the secret can test guesses against."""
        ...
