from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from hexaccount.accounts.avatar_identifier import AvatarIdentifier
from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.role import Role
from hexaccount.kernel.aggregate import Aggregate, ForeignEvent
from hexaccount.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Event):
    """A person, or an admin for them, has opened an account."""

    type = "hexaccount.user.registered.v1"

    user_name: str
    email: str
    first_name: str
    last_name: str
    avatar_identifier: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled(Event):
    """An account may not be used any more; every session opened before is dead, as `epoch` has been raised to this."""

    type = "hexaccount.user.disabled.v1"

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEnabled(Event):
    """A disabled account may be used again; its holder has to log in."""

    type = "hexaccount.user.enabled.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    """An account has a new password; every session opened before is dead unless it was kept."""

    type = "hexaccount.user.password_changed.v1"

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded(Event):
    """All sessions of an account were ended at once; every one opened before is dead unless it was kept."""

    type = "hexaccount.user.sessions_ended.v1"

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(Event):
    """An account has got a role."""

    type = "hexaccount.user.role_granted.v1"

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRevoked(Event):
    """An account has lost a role."""

    type = "hexaccount.user.role_revoked.v1"

    role: str


@dataclass(slots=True, kw_only=True, eq=False)
class User(Aggregate):
    """An account.

    `roles` holds those that were granted; the role `user` everybody has. A session lives only while its `epoch` is that
    of its user: raising the epoch ends every session at once, also those that a racing login is about to open.
    `password_hash` is empty only on an account folded from its journal.
    """

    kind: ClassVar[str] = "user"

    name: UserName
    email: EmailAddress
    first_name: PersonName
    last_name: PersonName
    avatar_identifier: str
    roles: frozenset[Role]
    registered_at: datetime
    password_hash: str = ""
    disabled: bool = False
    epoch: int = 0

    @classmethod
    def register(
        cls,
        *,
        user_id: UUID,
        name: UserName,
        email: EmailAddress,
        first_name: PersonName,
        last_name: PersonName,
        avatar_identifier: AvatarIdentifier | None,
        role: Role,
        password_hash: str,
        at: datetime,
    ) -> Self:
        """Open an account; without an identifier of its own the picture is drawn from the account's id."""
        event = UserRegistered(
            user_id=user_id,
            user_name=name.text,
            email=email.text,
            first_name=first_name.text,
            last_name=last_name.text,
            avatar_identifier=avatar_identifier.text if avatar_identifier else user_id.hex,
            role=role.name,
            at=at,
        )
        user = cls._begun_by(event)
        user.password_hash = password_hash
        return user

    @classmethod
    def _begin(cls, event: Event) -> Self:
        if not isinstance(event, UserRegistered):
            raise ForeignEvent(cls, event)
        return cls(
            id=event.user_id,
            version=1,
            name=UserName.recall(event.user_name),
            email=EmailAddress.recall(event.email),
            first_name=PersonName.restore(event.first_name),
            last_name=PersonName.restore(event.last_name),
            avatar_identifier=event.avatar_identifier,
            roles=frozenset({Role(event.role)}) - {Role.USER},
            registered_at=event.at,
        )

    def disable(self, at: datetime) -> None:
        """Lock the account and end its sessions; an account that is disabled stays as it is."""
        if not self.disabled:
            self._record(UserDisabled(user_id=self.id, epoch=self.epoch + 1, at=at))

    def enable(self, at: datetime) -> None:
        """Unlock the account; one that is enabled stays as it is."""
        if self.disabled:
            self._record(UserEnabled(user_id=self.id, at=at))

    def change_password(self, at: datetime) -> None:
        """Take note of a new password, which the store is given by itself, and end all sessions."""
        self._record(PasswordChanged(user_id=self.id, epoch=self.epoch + 1, at=at))

    def end_sessions(self, at: datetime) -> None:
        """End all sessions at once."""
        self._record(SessionsEnded(user_id=self.id, epoch=self.epoch + 1, at=at))

    def grant(self, role: Role, at: datetime) -> None:
        """Give the account a role; one that it has already changes nothing."""
        if role not in self.roles | {Role.USER}:
            self._record(RoleGranted(user_id=self.id, role=role.name, at=at))

    def revoke(self, role: Role, at: datetime) -> None:
        """Take a role from the account; one that it does not have changes nothing."""
        if role in self.roles:
            self._record(RoleRevoked(user_id=self.id, role=role.name, at=at))

    def _apply(self, event: Event) -> None:
        match event:
            case UserDisabled():
                self.disabled = True
                self.epoch = event.epoch
            case UserEnabled():
                self.disabled = False
            case PasswordChanged() | SessionsEnded():
                self.epoch = event.epoch
            case RoleGranted():
                self.roles |= {Role(event.role)}
            case RoleRevoked():
                self.roles -= {Role(event.role)}
            case _:
                raise ForeignEvent(type(self), event)
