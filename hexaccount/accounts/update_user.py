from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from hexaccount.accounts.avatar_identifier import AvatarIdentifier
from hexaccount.accounts.errors import UnexpectedVersion
from hexaccount.accounts.names import PersonName
from hexaccount.accounts.users import Users
from hexaccount.accounts.views import UserView
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.field_checks import FieldChecks
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory

_FIELDS: Mapping[str, Callable[[str], PersonName | AvatarIdentifier]] = {
    "first_name": PersonName,
    "last_name": PersonName,
    "avatar_identifier": AvatarIdentifier,
}
_DRAWN_FROM_THE_ID = "avatar_identifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateUser(Command[UserView]):
    """Change the names of the person behind an account and its avatar identifier; the answer is the account after that.

    None as the avatar identifier has the picture drawn from the account's id again. Unless `expected` is None, the
    account must be in one of these versions.
    """

    user_id: UUID
    changes: Mapping[str, str | None]
    expected: Collection[int] | None = None

    @classmethod
    def of_text(cls, user_id: UUID, changes: Mapping[str, str | None], expected: Collection[int] | None = None) -> Self:
        """Build the command from text; raises InvalidInput naming every refused field."""
        checks = FieldChecks()
        cleaned: dict[str, str | None] = {}
        for name, text in changes.items():
            if text is None and name == _DRAWN_FROM_THE_ID:
                cleaned[name] = None
            else:
                cleaned[name] = str(checks.parse(name, _FIELDS.get(name, _refuse_unknown), text or ""))
        checks.finish()
        return cls(user_id=user_id, changes=cleaned, expected=expected)


def _refuse_unknown(_: str) -> PersonName:
    raise InvalidValue(f"cannot be changed; what can is {', '.join(_FIELDS)}")


@repeat_when_stale
def update_user(command: UpdateUser, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> UserView:
    """Change an account; raises UserNotFound or UnexpectedVersion, also where another transaction was faster."""
    with unit_of_work() as uow:
        user = Users(uow).get(command.user_id)
        if command.expected is not None and user.version not in command.expected:
            raise UnexpectedVersion
        user.update(command.changes, clock.now())
        uow.commit()
    return UserView.of(user)
