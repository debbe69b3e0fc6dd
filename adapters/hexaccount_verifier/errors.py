class InvalidToken(Exception):
    """A token that hexaccount did not issue, that has expired, or that was revoked: answer with 401."""


class KeysUnavailable(Exception):
    """The keys that a token needs cannot be fetched at this moment: answer with 503."""


class MalformedEvent(ValueError):
    """An event of a type that revokes tokens does not say whose; skip it only once you know why."""
