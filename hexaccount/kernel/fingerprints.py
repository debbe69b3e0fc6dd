from collections.abc import Sequence
from typing import Protocol


class Fingerprints(Protocol):
    """Makes digests that take this deployment's secret to make, so that nobody tests guesses on what is stored."""

    def of(self, purpose: str, texts: Sequence[str | None]) -> str:
        """Return a digest that is the same only for the same texts, in order, for the same purpose."""
        ...
