from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from hexaccount.application.field_checks import FieldChecks
from hexaccount.application.messages import Command
from hexaccount.application.password_policy import refuse_weak_password
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.common_passwords import CommonPasswords
from hexaccount.application.ports.identifiers import Identifiers
from hexaccount.application.ports.password_hasher import PasswordHasher
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.domain.avatar_identifier import AvatarIdentifier
from hexaccount.domain.email_address import EmailAddress
from hexaccount.domain.names import PersonName, UserName
from hexaccount.domain.password import Password
from hexaccount.domain.role import Role
from hexaccount.domain.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUser(Command[UUID]):
    """Open an account; the answer is its id."""

    user_name: UserName
    email: EmailAddress
    first_name: PersonName
    last_name: PersonName
    password: Password = field(repr=False)
    avatar_identifier: AvatarIdentifier | None = None
    role: Role = Role.USER

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
    ) -> Self:
        """Build the command from text as people enter it; raises InvalidInput naming every refused field."""
        checks = FieldChecks()
        values = {
            "user_name": checks.take("user_name", UserName, user_name),
            "email": checks.take("email", EmailAddress, email),
            "first_name": checks.take("first_name", PersonName, first_name),
            "last_name": checks.take("last_name", PersonName, last_name),
            "password": checks.take("password", Password, password),
        }
        if avatar_identifier is not None:
            values["avatar_identifier"] = checks.take("avatar_identifier", AvatarIdentifier, avatar_identifier)
        checks.finish()
        return cls(role=role, **values)  # type: ignore[arg-type]  # each value was made by the field's own type


def register_user(
    command: RegisterUser,
    *,
    unit_of_work: UnitOfWorkFactory,
    hasher: PasswordHasher,
    common_passwords: CommonPasswords,
    clock: Clock,
    identifiers: Identifiers,
) -> UUID:
    """Open an account; raises InvalidInput of a weak password, UserNameTaken, EmailTaken or HashingOverloaded."""
    refuse_weak_password(
        command.password,
        user_name=command.user_name,
        email=command.email,
        first_name=command.first_name,
        last_name=command.last_name,
        common=common_passwords,
    )
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
        uow.commit()
    return user.id
