from dataclasses import dataclass, field
from functools import partial
from typing import Self
from uuid import UUID

from hexaccount.accounts.admins import Admins
from hexaccount.accounts.avatar_identifier import AvatarIdentifier
from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.idempotency.idempotency_keys import IdempotencyKeyReused, IdempotencyKeys
from hexaccount.idempotency.idempotency_records import IdempotencyRecord, IdempotencyRecords
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.field_checks import FieldChecks
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.messages import Command
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.passwords.login_throttle import LoginThrottle
from hexaccount.passwords.password import Password
from hexaccount.passwords.password_policy import PasswordPolicy
from hexaccount.passwords.ports import PasswordHasher
from hexaccount.roles.role_registry import RoleRegistry

REGISTER = RateLimitPolicy("register", RateLimit.of(30, 2, 200, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUser(Command[UUID]):
    """Open an account; the answer is its id.

    A client that may have to send the request again gives it an idempotency key of its own choice.
    """

    user_name: UserName
    email: EmailAddress
    first_name: PersonName
    last_name: PersonName
    password: Password = field(repr=False)
    avatar_identifier: AvatarIdentifier | None = None
    role: Role = Role.USER
    idempotency_key: str | None = field(default=None, repr=False)

    @classmethod
    def of_text(
        cls,
        *,
        user_name: str,
        email: str,
        first_name: str,
        last_name: str,
        password: str,
        avatar_identifier: str | None = None,
        role: Role = Role.USER,
        idempotency_key: str | None = None,
    ) -> Self:
        """Build the command from text; raises InvalidInput naming every refused field."""
        checks = FieldChecks()
        name = checks.parse("user_name", UserName, user_name)
        address = checks.parse("email", EmailAddress, email)
        first = checks.parse("first_name", PersonName, first_name)
        last = checks.parse("last_name", PersonName, last_name)
        secret = checks.parse("password", Password, password)
        avatar = None
        if avatar_identifier is not None:
            avatar = checks.parse("avatar_identifier", AvatarIdentifier, avatar_identifier)
        checks.finish()
        return cls(
            user_name=name,
            email=address,
            first_name=first,
            last_name=last,
            password=secret,
            avatar_identifier=avatar,
            role=role,
            idempotency_key=idempotency_key,
        )


@dataclass(frozen=True, slots=True)
class AccountOpening:
    """Opens accounts."""

    unit_of_work: UnitOfWorkFactory[UnitOfWork]
    hasher: PasswordHasher
    clock: Clock
    identifiers: Identifiers

    def open(self, command: RegisterUser, record: IdempotencyRecord | None) -> UUID:
        """Open an account, which is the answer of its idempotency record, if any; return its id."""
        user = User.register(
            user_id=self.identifiers.new(),
            name=command.user_name,
            email=command.email,
            first_name=command.first_name,
            last_name=command.last_name,
            avatar_identifier=command.avatar_identifier,
            role=command.role,
            password_hash=self.hasher.hash(command.password.text),
            at=self.clock.now(),
        )
        self._store(user, record)
        return user.id

    @repeat_when_stale
    def _store(self, user: User, record: IdempotencyRecord | None) -> None:
        with self.unit_of_work() as uow:
            Users(uow).add(user)
            Admins(uow).join(user)
            if record is not None:
                IdempotencyRecords(uow).complete(record, user.id)
            uow.commit()


def register_user(
    command: RegisterUser,
    *,
    opening: AccountOpening,
    policy: PasswordPolicy,
    roles: RoleRegistry,
    keys: IdempotencyKeys,
    throttle: LoginThrottle,
) -> UUID:
    """Open an account, or answer as before where the same request with the same key has opened it already.

    Raises UnknownRole, InvalidInput of a weak password, UserNameTaken, EmailTaken, HashingOverloaded, RequestInFlight,
    TooManyAttempts or IdempotencyKeyReused.
    """
    roles.check(command.role)
    policy.check(
        command.password,
        user_name=command.user_name,
        email=command.email,
        first_name=command.first_name,
        last_name=command.last_name,
    )
    if command.idempotency_key is None:
        return opening.open(command, None)
    answer = keys.once(command.idempotency_key, _texts_of(command), partial(opening.open, command))
    if answer.repeated:
        _check_password(command, answer.user_id, opening, throttle)
    return answer.user_id


def _check_password(command: RegisterUser, user_id: UUID, opening: AccountOpening, throttle: LoginThrottle) -> None:
    """Raise IdempotencyKeyReused if an earlier request with the same key and texts had another password."""
    # The slow hash is the only digest of a password that is stored; comparing with it is the same work as registering.
    with opening.unit_of_work() as uow:
        user = Users(uow).get(user_id)
    attempt = throttle.reauthenticate(user, user_id)
    if not attempt.check(partial(opening.hasher.verify, command.password.text, user.password_hash)).matches:
        raise IdempotencyKeyReused
    attempt.succeeded()


def _texts_of(command: RegisterUser) -> list[str | None]:
    """Return the texts by which a request is recognised, the password aside."""
    avatar = command.avatar_identifier.text if command.avatar_identifier else None
    names = (command.user_name, command.email, command.first_name, command.last_name)
    return [*(name.text for name in names), avatar, command.role.name]
