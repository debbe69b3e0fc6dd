from typing import Protocol


class AvatarArtist(Protocol):
    """Draws the picture of an account that has none of its own."""

    def draw(self, identifier: str) -> bytes:
        """Return a PNG, to the byte the same for the same identifier on every machine."""
        ...
