from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from hexaccount.application.field_checks import FieldChecks
from hexaccount.application.messages import Command
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.repetition import repeat_when_stale
from hexaccount.application.views import ProfileView
from hexaccount.domain.errors import InvalidValue
from hexaccount.domain.profile import PROFILE_FIELDS, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateProfile(Command[ProfileView]):
    """Change some fields of a profile, None removing one; the answer is the whole profile as it is then."""

    user_id: UUID
    changes: Mapping[str, str | None]

    @classmethod
    def of_text(cls, user_id: UUID, changes: Mapping[str, str | None]) -> Self:
        """Build the command from text as people enter it; raises InvalidInput naming every refused field."""
        checks = FieldChecks()
        cleaned: dict[str, str | None] = {}
        for name, text in changes.items():
            clean = PROFILE_FIELDS.get(name, _refuse_unknown)
            cleaned[name] = checks.take(name, clean, text or "") or None
        checks.finish()
        return cls(user_id=user_id, changes=cleaned)


def _refuse_unknown(_: str) -> str:
    raise InvalidValue(f"is no field of a profile; there are {', '.join(PROFILE_FIELDS)}")


@repeat_when_stale
def update_profile(command: UpdateProfile, *, unit_of_work: UnitOfWorkFactory, clock: Clock) -> ProfileView:
    """Change a profile, beginning it where the registration's event has not been handled yet."""
    with unit_of_work() as uow:
        profile = uow.profiles.find(command.user_id)
        if profile is None:
            profile = Profile.create(command.user_id, clock.now())
            uow.profiles.add(profile)
        profile.update(command.changes, clock.now())
        uow.commit()
    return ProfileView.of(profile)
