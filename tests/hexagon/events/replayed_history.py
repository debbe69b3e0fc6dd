"""Events to replay."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.bootstrap.service import Service
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import JournalKey
from tests.people import registration


def populate(service: Service, users: int = 3) -> list[UUID]:
    """Register users, then disable, enable and update each of them three times."""
    ids = [service.bus.handle(registration(f"user{number}")) for number in range(users)]
    service.deliver_all()
    for _ in range(3):
        for user_id in ids:
            service.bus.handle(DisableUser(user_id=user_id))
            service.bus.handle(EnableUser(user_id=user_id))
            service.bus.handle(UpdateProfile(user_id=user_id, changes={"bio": str(uuid4())}))
    return ids


def journals(entries: Sequence[JournalEntry]) -> dict[JournalKey, list[int]]:
    """Return the sequences of the events of each aggregate, in the given order."""
    found: dict[JournalKey, list[int]] = {}
    for entry in entries:
        found.setdefault((entry.aggregate, entry.aggregate_id), []).append(entry.sequence)
    return found
