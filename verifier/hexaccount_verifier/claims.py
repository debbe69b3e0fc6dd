import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from hexaccount_verifier.errors import InvalidToken

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAX_TIMESTAMP = 253_402_300_799  # the end of the year 9999, the limit of datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The claims of an access token; a user's later epoch revokes the tokens of earlier ones.

    `roles` and `scope`, the permissions on other accounts, are those that the user had when the token was issued. Both
    are empty unless hexaccount's `jwt.claims` names them.
    """

    token_id: UUID
    user_id: UUID
    session_id: UUID
    epoch: int
    issued_at: datetime
    expires_at: datetime
    roles: frozenset[str] = frozenset()
    scope: frozenset[str] = frozenset()

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Self:
        """Return the claims of a payload whose signature has been verified; raises InvalidToken."""
        if payload.get("typ") != "access":
            raise InvalidToken("the token is not an access token")
        return cls(
            token_id=_id(payload, "jti"),
            user_id=_id(payload, "sub"),
            session_id=_id(payload, "sid"),
            epoch=_number(payload, "epoch"),
            issued_at=datetime.fromtimestamp(_number(payload, "iat"), UTC),
            expires_at=datetime.fromtimestamp(_number(payload, "exp"), UTC),
            roles=_names(payload.get("roles", []), "roles"),
            scope=_names(_split(payload.get("scope", "")), "scope"),
        )


def _id(payload: Mapping[str, Any], name: str) -> UUID:
    text = payload.get(name)
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise InvalidToken(f"the claim {name} is missing or malformed")
    return UUID(text)


def _number(payload: Mapping[str, Any], name: str) -> int:
    number = payload.get(name)
    if type(number) is not int or not 0 <= number <= _MAX_TIMESTAMP:
        raise InvalidToken(f"the claim {name} is missing or malformed")
    return number


def _split(scope: object) -> object:
    """Return the names in a text that separates them by spaces (RFC 8693, 4.2)."""
    return scope.split() if isinstance(scope, str) else None


def _names(names: object, claim: str) -> frozenset[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidToken(f"the claim {claim} is malformed")
    return frozenset(names)
