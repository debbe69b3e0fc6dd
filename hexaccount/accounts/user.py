from collections.abc import Mapping
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
    """An account was opened, by its user or by an admin."""

    type = "hexaccount.user.registered.v1"
    personal = frozenset({"user_name", "email", "first_name", "last_name", "avatar_identifier"})
    begins_account = True
    changes_access = False

    user_name: str
    email: str
    first_name: str
    last_name: str
    avatar_identifier: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdated(Event):
    """Names of the person or the avatar identifier have changed; `changes` has the new value of each changed field."""

    type = "hexaccount.user.updated.v1"
    personal = frozenset({"changes"})

    changes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerified(Event):
    """The owner of an account has proved to read the mail of its address."""

    type = "hexaccount.user.email_verified.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled(Event):
    """An account was disabled; raising its epoch to `epoch` has ended every session."""

    type = "hexaccount.user.disabled.v1"

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEnabled(Event):
    """A disabled account was enabled; its user has to log in again."""

    type = "hexaccount.user.enabled.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    """An account has a new password; every session opened before has ended unless it was kept."""

    type = "hexaccount.user.password_changed.v1"

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded(Event):
    """All sessions of an account were ended at once, except one that was kept."""

    type = "hexaccount.user.sessions_ended.v1"

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(Event):
    """A role was granted to an account."""

    type = "hexaccount.user.role_granted.v1"

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRevoked(Event):
    """A role was revoked from an account."""

    type = "hexaccount.user.role_revoked.v1"

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserErased(Event):
    """An account was erased: receivers remove what they know of the person, too."""

    type = "hexaccount.user.erased.v1"


@dataclass(slots=True, kw_only=True, eq=False)
class User(Aggregate):
    """An account.

    `roles` are those that were granted; every account has the role `user` besides. A session is live only while its
    `epoch` is that of its user: raising the epoch ends every session at once, also one that a login opens at that
    moment. `password_hash` is empty only on an account that was folded from its journal.
    """

    kind: ClassVar[str] = "user"
    outside_events: ClassVar[frozenset[str]] = frozenset({"password_hash"})

    name: UserName
    email: EmailAddress
    first_name: PersonName
    last_name: PersonName
    avatar_identifier: str
    roles: frozenset[Role]
    registered_at: datetime
    password_hash: str = ""
    email_verified: bool = False
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
        """Open an account; without an avatar identifier the picture is drawn from the account's id."""
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

    @property
    def is_enabled_admin(self) -> bool:
        return Role.ADMIN in self.roles and not self.disabled

    def update(self, changes: Mapping[str, str | None], at: datetime) -> None:
        """Change names and the avatar identifier, where None is the id; records no event if nothing differs."""
        new = {name: self.id.hex if text is None else text for name, text in changes.items()}
        differing = {name: text for name, text in new.items() if str(getattr(self, name)) != text}
        if differing:
            self._record(UserUpdated(user_id=self.id, changes=differing, at=at))

    def verify_email(self, at: datetime) -> None:
        """Record that the address is verified; does nothing if it is."""
        if not self.email_verified:
            self._record(EmailVerified(user_id=self.id, at=at))

    def disable(self, at: datetime) -> None:
        """Disable the account and end its sessions; does nothing if it is disabled."""
        if not self.disabled:
            self._record(UserDisabled(user_id=self.id, epoch=self.epoch + 1, at=at))

    def enable(self, at: datetime) -> None:
        """Enable the account; does nothing if it is enabled."""
        if self.disabled:
            self._record(UserEnabled(user_id=self.id, at=at))

    def change_password(self, password_hash: str, at: datetime) -> None:
        """Store the hash of a new password, and end all sessions."""
        self.password_hash = password_hash
        self._record(PasswordChanged(user_id=self.id, epoch=self.epoch + 1, at=at))

    def renew_hash(self, old: str, new: str) -> None:
        """Store another hash of the same password, unless the stored one is not `old` any more."""
        if self.password_hash == old:
            self.password_hash = new

    def end_sessions(self, at: datetime) -> None:
        """End all sessions at once."""
        self._record(SessionsEnded(user_id=self.id, epoch=self.epoch + 1, at=at))

    def grant(self, role: Role, at: datetime) -> None:
        """Grant a role; does nothing if the account has it."""
        if role not in self.roles | {Role.USER}:
            self._record(RoleGranted(user_id=self.id, role=role.name, at=at))

    def revoke(self, role: Role, at: datetime) -> None:
        """Revoke a role; does nothing if the account does not have it."""
        if role in self.roles:
            self._record(RoleRevoked(user_id=self.id, role=role.name, at=at))

    def erase(self, at: datetime) -> None:
        """Record that the account is erased, which is its last event."""
        self._record(UserErased(user_id=self.id, at=at))

    def _apply(self, event: Event) -> None:
        match event:
            case UserUpdated():
                self.first_name = PersonName.restore(event.changes.get("first_name", self.first_name.text))
                self.last_name = PersonName.restore(event.changes.get("last_name", self.last_name.text))
                self.avatar_identifier = event.changes.get("avatar_identifier", self.avatar_identifier)
            case EmailVerified():
                self.email_verified = True
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
            case UserErased():
                pass  # the repository removes it
            case _:
                raise ForeignEvent(type(self), event)
