class InvalidToken(Exception):
    """The token was not issued by hexaccount, has expired or was revoked: answer with 401."""


class KeysUnavailable(Exception):
    """The public keys cannot be fetched at the moment: answer with 503."""


class MalformedEvent(ValueError):
    """An event that should revoke tokens does not name them; find out why before you skip it."""
