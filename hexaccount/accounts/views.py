"""The read models that queries about accounts return."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """An account as its user and admins see it; `version` is that of the aggregate."""

    id: UUID
    user_name: str
    email: str
    email_verified: bool
    first_name: str
    last_name: str
    avatar_identifier: str
    roles: Sequence[str]
    disabled: bool
    registered_at: datetime
    version: int

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.id,
            user_name=user.name.text,
            email=user.email.text,
            email_verified=user.email_verified,
            first_name=user.first_name.text,
            last_name=user.last_name.text,
            avatar_identifier=user.avatar_identifier,
            roles=[Role.USER.name, *sorted([role.name for role in user.roles])],
            disabled=user.disabled,
            registered_at=user.registered_at,
            version=user.version,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileView:
    """A profile, whose fields are None where they are empty; version 0 is that of a profile not yet created."""

    bio: str | None = None
    phone: str | None = None
    address: str | None = None
    updated_at: datetime | None = None
    version: int = 0

    @classmethod
    def of(cls, profile: Profile) -> Self:
        return cls(
            bio=profile.bio,
            phone=profile.phone,
            address=profile.address,
            updated_at=profile.updated_at,
            version=profile.version,
        )
