from typing import Protocol


class AvatarArtist(Protocol):
    """Draws avatars."""

    def draw(self, identifier: str) -> bytes:
        """Return a PNG; the same identifier gives the same bytes on every machine."""
        ...
