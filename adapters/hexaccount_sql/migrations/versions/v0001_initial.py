"""The first version of the schema."""

import sqlalchemy as sa
from alembic import op

from hexaccount_sql.columns import Moment, partial_index

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables, spelled out, as `hexaccount_sql.schema` describes the newest version only."""
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_key", sa.Text, nullable=False),
        sa.Column("first_name", sa.Text, nullable=False),
        sa.Column("last_name", sa.Text, nullable=False),
        sa.Column("avatar_identifier", sa.Text, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("registered_at", Moment, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("email_verified", sa.Boolean, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("name_key", name="users_name_key"),
        sa.UniqueConstraint("email_key", name="users_email_key"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("client_address", sa.Text, nullable=False),
        sa.Column("user_agent", sa.Text, nullable=False),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("last_used_at", Moment, nullable=False),
        sa.Column("last_address", sa.Text, nullable=False),
        sa.Column("last_agent", sa.Text, nullable=False),
        sa.Column("idle_until", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("closed_at", Moment),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    closed = partial_index(sa.column("closed_at", Moment).is_not(None))
    op.create_index("sessions_user_id", "sessions", ["user_id", "epoch", "closed_at", "id"])
    op.create_index("sessions_idle_until", "sessions", ["idle_until"])
    op.create_index("sessions_closed_at", "sessions", ["closed_at"], **closed)
    op.create_table(
        "profiles",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("bio", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("address", sa.Text),
        sa.Column("updated_at", Moment, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "journal",
        sa.Column("aggregate", sa.Text, primary_key=True),
        sa.Column("aggregate_id", sa.Uuid, primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("subject", sa.Uuid, nullable=False),
        sa.Column("time", Moment, nullable=False),
        sa.Column("dataschema", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("session_id", sa.Uuid),
        sa.Column("network", sa.Text),
        sa.Column("request_id", sa.Text),
        sa.Column("causation_id", sa.Text),
        sa.Column("traceparent", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("data", sa.JSON, nullable=False),
        sa.UniqueConstraint("id", name="journal_id"),
    )
    op.create_index("journal_subject", "journal", ["subject", "id"])
    op.create_index("journal_type", "journal", ["type", "id"])
    op.create_table(
        "subscriptions",
        sa.Column("subscriber", sa.Text, primary_key=True),
        sa.Column("event_type", sa.Text, primary_key=True),
    )
    op.create_table(
        "deliveries",
        sa.Column("subscriber", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("aggregate", sa.Text, nullable=False),
        sa.Column("aggregate_id", sa.Uuid, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", Moment),
        sa.Column("lease", sa.Uuid),
        sa.Column("leased_until", Moment),
        sa.Column("dead_letter", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        postgresql_with={"fillfactor": 50},
    )
    dead = sa.column("dead_letter", sa.Boolean)
    pending, dead_letters = partial_index(~dead), partial_index(dead == sa.true())
    op.create_index("deliveries_pending", "deliveries", ["subscriber", "event_id"], **pending)
    op.create_index(
        "deliveries_order", "deliveries", ["subscriber", "aggregate", "aggregate_id", "sequence"], **pending
    )
    op.create_index("deliveries_dead_letters", "deliveries", ["event_id", "subscriber"], **dead_letters)
    op.create_table(
        "inbox",
        sa.Column("subscriber", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Uuid, primary_key=True),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("issued_at", Moment, nullable=False),
        sa.Column("spent_at", Moment),
        sa.Column("salt", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    spent = partial_index(sa.column("spent_at", Moment).is_not(None))
    salted = partial_index(sa.column("salt", sa.Text).is_not(None))
    op.create_index("refresh_tokens_session_id", "refresh_tokens", ["session_id"])
    op.create_index("refresh_tokens_spent_at", "refresh_tokens", ["spent_at"], **spent)
    op.create_index("refresh_tokens_salt", "refresh_tokens", ["spent_at"], **salted)
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text, primary_key=True),
        sa.Column("algorithm", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("signs_from", Moment, nullable=False),
        sa.Column("retired_at", Moment),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("burst_until", Moment, nullable=False),
        sa.Column("sustained_until", Moment, nullable=False),
    )
    op.create_index("rate_limits_sustained_until", "rate_limits", ["sustained_until"])
    op.create_table(
        "idempotency_records",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("claimed_until", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_index("idempotency_records_expires_at", "idempotency_records", ["expires_at"])
    op.create_table(
        "one_time_tokens",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("requested_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("voided", sa.Boolean, nullable=False),
        sa.Column("digests", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_index("one_time_tokens_user_id", "one_time_tokens", ["user_id", "purpose", "voided", "id"])
    op.create_index("one_time_tokens_expires_at", "one_time_tokens", ["expires_at"])
    op.create_table(
        "admin_roster",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_ids", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "account_keys",
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.Column("wrapped", sa.Text, nullable=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "erasures",
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.Column("erased_at", Moment, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )


_TABLES = (
    *("erasures", "account_keys", "admin_roster", "one_time_tokens", "idempotency_records", "rate_limits"),
    "signing_keys",
    *("refresh_tokens", "inbox", "deliveries", "subscriptions", "journal", "profiles", "sessions", "users"),
)


def downgrade() -> None:
    """Drop all tables."""
    for table in _TABLES:
        op.drop_table(table)
