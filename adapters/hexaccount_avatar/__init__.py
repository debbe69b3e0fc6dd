from .artist import PillowAvatarArtist

__all__ = ["PillowAvatarArtist"]
