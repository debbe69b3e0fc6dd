"""An index that is built while other clients write."""

from hexaccount_sql.migrations import online

revision = "0002_serves_0001"
down_revision = "0001"
transactional = False


def upgrade() -> None:
    online.create_index("journal_planted", "journal", ["source", "id"])


def downgrade() -> None:
    online.drop_index("journal_planted", "journal")
