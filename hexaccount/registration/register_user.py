from dataclasses import dataclass, field
from functools import partial
from typing import Self
from uuid import UUID

from hexaccount.accounts.avatar_identifier import AvatarIdentifier
from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import User
from hexaccount.idempotency.idempotency_keys import IdempotencyKeyReused, IdempotencyKeys
from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.field_checks import FieldChecks
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.messages import Command
from hexaccount.passwords.login_throttle import LoginThrottle
from hexaccount.passwords.password import Password
from hexaccount.passwords.password_policy import refuse_weak_password
from hexaccount.passwords.ports import CommonPasswords, PasswordHasher
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUser(Command[UUID]):
    """Open an account; the answer is its id.

    A client that may send it again, as it cannot know whether it arrived, gives it a key of its own choice.
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
        """Build the command from text as people enter it; raises InvalidInput naming every refused field."""
        checks = FieldChecks()
        name = checks.take("user_name", UserName, user_name)
        address = checks.take("email", EmailAddress, email)
        first = checks.take("first_name", PersonName, first_name)
        last = checks.take("last_name", PersonName, last_name)
        secret = checks.take("password", Password, password)
        avatar = None
        if avatar_identifier is not None:
            avatar = checks.take("avatar_identifier", AvatarIdentifier, avatar_identifier)
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


def register_user(
    command: RegisterUser,
    *,
    unit_of_work: UnitOfWorkFactory,
    hasher: PasswordHasher,
    common_passwords: CommonPasswords,
    clock: Clock,
    identifiers: Identifiers,
    roles: RoleRegistry,
    keys: IdempotencyKeys,
    throttle: LoginThrottle,
) -> UUID:
    """Open an account, or answer as before where the same request with the same key has opened it.

    Raises UnknownRole, InvalidInput of a weak password, UserNameTaken, EmailTaken, HashingOverloaded, RequestInFlight,
    TooManyAttempts or IdempotencyKeyReused.
    """
    roles.check(command.role)
    refuse_weak_password(
        command.password,
        user_name=command.user_name,
        email=command.email,
        first_name=command.first_name,
        last_name=command.last_name,
        common=common_passwords,
    )
    open_account = partial(
        _open_account, command, unit_of_work=unit_of_work, hasher=hasher, clock=clock, identifiers=identifiers
    )
    if command.idempotency_key is None:
        return open_account(None)
    request = keys.claim(command.idempotency_key, _texts_of(command))
    user_id = request.user_id
    if user_id is None:
        try:
            return open_account(request)
        except Exception:
            # Whatever went wrong, a key that stayed claimed would keep the next attempt waiting.
            user_id = keys.release(request)
            if user_id is None:
                raise
    return _answer_again(command, user_id, unit_of_work, hasher, throttle)


def _open_account(
    command: RegisterUser,
    request: IdempotencyRecord | None,
    *,
    unit_of_work: UnitOfWorkFactory,
    hasher: PasswordHasher,
    clock: Clock,
    identifiers: Identifiers,
) -> UUID:
    user = User.register(
        user_id=identifiers.new(),
        name=command.user_name,
        email=command.email,
        first_name=command.first_name,
        last_name=command.last_name,
        avatar_identifier=command.avatar_identifier,
        role=command.role,
        password_hash=hasher.hash(command.password.text),
        at=clock.now(),
    )
    with unit_of_work() as uow:
        uow.users.add(user)
        if request is not None:
            uow.idempotency_records.complete(request, user.id)
        uow.commit()
    return user.id


def _answer_again(
    command: RegisterUser,
    user_id: UUID,
    unit_of_work: UnitOfWorkFactory,
    hasher: PasswordHasher,
    throttle: LoginThrottle,
) -> UUID:
    # No digest of a password is kept but its slow hash; to compare with it is the same work as to register.
    with unit_of_work() as uow:
        user = uow.users.get(user_id)
    attempt = throttle.reauthenticate(user_id)
    if not attempt.check(partial(hasher.verify, command.password.text, user.password_hash)).matches:
        raise IdempotencyKeyReused
    attempt.succeeded()
    return user.id


def _texts_of(command: RegisterUser) -> list[str | None]:
    """Return what makes the request this one, the password aside."""
    avatar = command.avatar_identifier.text if command.avatar_identifier else None
    names = (command.user_name, command.email, command.first_name, command.last_name)
    return [*(name.text for name in names), avatar, command.role.name]
