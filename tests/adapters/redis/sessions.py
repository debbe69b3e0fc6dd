from datetime import UTC, datetime
from uuid import UUID

from hexaccount.accounts.views import UserView
from hexaccount.sessions.ports import CachedSession

NOON = datetime(2026, 1, 2, 12, 0, 0, 123_000, tzinfo=UTC)
JULIET = UUID(int=1)
ROMEO = UUID(int=2)
PHONE = UUID(int=11)
LAPTOP = UUID(int=12)


def cached(session_id: UUID = PHONE, user_id: UUID = JULIET) -> CachedSession:
    user = UserView(
        id=user_id,
        user_name="Juliet ✿",
        email="juliet@example.org",
        first_name="Juliet",
        last_name="Capulet",
        avatar_identifier="rose",
        roles=["user", "helper"],
        email_verified=False,
        disabled=False,
        registered_at=NOON,
        version=7,
    )
    return CachedSession(id=session_id, user=user, idle_until=NOON)
