from hexaccount.accounts.ports import AvatarArtist


class ArtistOnDemand(AvatarArtist):
    """Imports the drawing library at the first picture: most processes never draw."""

    def draw(self, identifier: str) -> bytes:
        from hexaccount_avatar import PillowAvatarArtist

        return PillowAvatarArtist().draw(identifier)
