"""Events of a type of which there are few are found at once in a journal of millions.

Of the types that are left out there are so many that they are found soon wherever one looks. Their events, which are
nearly all, are written without it.
"""

from typing import Any

import sqlalchemy as sa

from hexaccount_sql.migrations import online

revision = "0002"
down_revision = "0001"
serves = "0001"
in_one_transaction = False

_RARE = sa.text(
    "type NOT IN ('hexaccount.profile.created.v1', 'hexaccount.profile.updated.v1', 'hexaccount.session.closed.v1', "
    "'hexaccount.session.kept.v1', 'hexaccount.session.opened.v1', 'hexaccount.session.refreshed.v1', "
    "'hexaccount.user.registered.v1')"
)


def upgrade() -> None:
    """Add the index."""
    rare: dict[str, Any] = {f"{dialect}_where": _RARE for dialect in ("postgresql", "sqlite")}
    online.create_index("journal_rare", "journal", ["type", "id"], **rare)


def downgrade() -> None:
    """Remove the index."""
    online.drop_index("journal_rare", "journal")
