from collections.abc import Sequence
from typing import Protocol


class Fingerprints(Protocol):
    """Makes keyed digests, so that guesses cannot be tested on stored data without this deployment's secret."""

    def of(self, purpose: str, texts: Sequence[str | None]) -> str:
        """Return a digest that is the same only for the same texts, in order, for the same purpose."""
        ...
