from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from hexaccount.accounts.errors import UnexpectedVersion
from hexaccount.accounts.profile import PROFILE_FIELDS, Profile
from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.views import ProfileView
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.field_checks import FieldChecks
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateProfile(Command[ProfileView]):
    """Change some fields of a profile, where None removes one; the answer is the whole profile after that.

    Unless `expected` is None, the profile must be in one of these versions; 0 is that of a profile not yet created.
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
            clean = PROFILE_FIELDS.get(name, _refuse_unknown)
            cleaned[name] = checks.parse(name, clean, text or "") or None
        checks.finish()
        return cls(user_id=user_id, changes=cleaned, expected=expected)


def _refuse_unknown(_: str) -> str:
    raise InvalidValue(f"is no field of a profile; there are {', '.join(PROFILE_FIELDS)}")


@repeat_when_stale
def update_profile(command: UpdateProfile, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> ProfileView:
    """Change a profile, or create it where the event of the registration has not been handled yet.

    Raises UnexpectedVersion, also where another transaction was faster: the repetition reads the profile again.
    """
    with unit_of_work() as uow:
        profile = Profiles(uow).find(command.user_id)
        if command.expected is not None and (profile.version if profile else 0) not in command.expected:
            raise UnexpectedVersion
        if profile is None:
            profile = Profile.create(command.user_id, clock.now())
            Profiles(uow).add(profile)
        profile.update(command.changes, clock.now())
        uow.commit()
    return ProfileView.of(profile)
