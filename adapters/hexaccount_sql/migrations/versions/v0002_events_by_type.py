"""The events of a type are found at once, however rare they are in a journal of millions."""

from hexaccount_sql.migrations import online

revision = "0002"
down_revision = "0001"
serves = "0001"
in_one_transaction = False


def upgrade() -> None:
    """Add the index."""
    online.create_index("journal_type", "journal", ["type", "id"])


def downgrade() -> None:
    """Remove the index."""
    online.drop_index("journal_type", "journal")
