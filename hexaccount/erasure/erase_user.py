from dataclasses import dataclass
from uuid import UUID

from hexaccount.erasure.eraser import Eraser
from hexaccount.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseUser(Command[None]):
    """Erase an account for good: who it was can be read neither in the store nor in the journal afterwards."""

    user_id: UUID


def erase_user(command: EraseUser, *, eraser: Eraser) -> None:
    """Erase an account; repeatable, and does no harm where there is none. Raises LastAdmin."""
    eraser.erase(command.user_id)
