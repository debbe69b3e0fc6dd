"""The tables.

Aggregates refer to each other by id, without foreign keys: each is a consistency boundary. Constraints keep what
must be unique. The package `migrations` brings a database to this schema.
"""

import sqlalchemy as sa

from hexaccount_sql.columns import Moment, partial_index

SUPPORTED_VERSIONS = ("0001",)
"""The versions of migrations with which this code can serve, oldest first; the last is the one that it migrates to."""

metadata = sa.MetaData()

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("email_key", sa.Text, nullable=False),
    sa.Column("first_name", sa.Text, nullable=False),
    sa.Column("last_name", sa.Text, nullable=False),
    sa.Column("avatar_identifier", sa.Text, nullable=False),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("registered_at", Moment, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("name_key", name="users_name_key"),
    sa.UniqueConstraint("email_key", name="users_email_key"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("user_id", sa.Uuid, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("client_address", sa.Text, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("last_used_at", Moment, nullable=False),
    sa.Column("idle_until", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("closed_at", Moment),
    sa.Column("version", sa.Integer, nullable=False),
)
# For the retention of sessions that have ended, one index for each way to end.
sa.Index("sessions_idle_until", sessions.c.idle_until)
sa.Index("sessions_closed_at", sessions.c.closed_at, **partial_index(sessions.c.closed_at.is_not(None)))

sa.Index("sessions_user_id", sessions.c.user_id, sessions.c.id)

profiles = sa.Table(
    "profiles",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("bio", sa.Text),
    sa.Column("phone", sa.Text),
    sa.Column("address", sa.Text),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)

# The primary key is the compare-and-set: of two writers that read the same version, one violates it.
journal = sa.Table(
    "journal",
    metadata,
    sa.Column("aggregate", sa.Text, primary_key=True),
    sa.Column("aggregate_id", sa.Uuid, primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("subject", sa.Uuid, nullable=False),
    sa.Column("time", Moment, nullable=False),
    sa.Column("dataschema", sa.Text, nullable=False),
    sa.Column("causation_id", sa.Text),
    sa.Column("traceparent", sa.Text),
    sa.Column("data", sa.JSON, nullable=False),
    sa.UniqueConstraint("id", name="journal_id"),
)
# For the history of one user.
sa.Index("journal_subject", journal.c.subject, journal.c.id)

# A scan finds events of these types soon, as they make up nearly all of a journal. An index finds the others.
FREQUENT_TYPES = (
    "hexaccount.profile.created.v1",
    "hexaccount.profile.updated.v1",
    "hexaccount.session.closed.v1",
    "hexaccount.session.kept.v1",
    "hexaccount.session.opened.v1",
    "hexaccount.session.refreshed.v1",
    "hexaccount.user.registered.v1",
)
# SQLite uses a partial index only if the query repeats its condition literally.
RARE = sa.text("type NOT IN ({})".format(", ".join(map(repr, FREQUENT_TYPES))))
sa.Index("journal_rare_types", journal.c.type, journal.c.id, **partial_index(RARE))

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("subscriber", sa.Text, primary_key=True),
    sa.Column("event_type", sa.Text, primary_key=True),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
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
    # Half of each page is free for heap-only updates (HOT): a claim touches no index.
    postgresql_with={"fillfactor": 50},
)
_pending = partial_index(~deliveries.c.dead_letter)
_dead_letters = partial_index(deliveries.c.dead_letter == sa.true())
# For the next deliveries to claim, the first pending one of an aggregate, and the dead letters.
sa.Index("deliveries_pending", deliveries.c.subscriber, deliveries.c.event_id, **_pending)
sa.Index("deliveries_order", *deliveries.c["subscriber", "aggregate", "aggregate_id", "sequence"], **_pending)
sa.Index("deliveries_dead_letters", deliveries.c.event_id, deliveries.c.subscriber, **_dead_letters)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("subscriber", sa.Text, primary_key=True),
    sa.Column("event_id", sa.Uuid, primary_key=True),
)

# `digest` is a hash of the token; `salt` recreates the successor of a spent token during its grace period.
# The unique predecessor keeps a token from having two successors.
refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("session_id", sa.Uuid, nullable=False),
    sa.Column("issued_at", Moment, nullable=False),
    sa.Column("predecessor", sa.Text),
    sa.Column("spent_at", Moment),
    sa.Column("salt", sa.Text),
    sa.UniqueConstraint("predecessor", name="refresh_tokens_predecessor"),
)
sa.Index("refresh_tokens_session_id", refresh_tokens.c.session_id)
sa.Index("refresh_tokens_spent_at", refresh_tokens.c.spent_at, **partial_index(refresh_tokens.c.spent_at.is_not(None)))
sa.Index("refresh_tokens_salt", refresh_tokens.c.spent_at, **partial_index(refresh_tokens.c.salt.is_not(None)))

# `sealed` is the private key, encrypted with a key derived from the setting `jwt.key`.
signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("kid", sa.Text, primary_key=True),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("sealed", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("signs_from", Moment, nullable=False),
    sa.Column("retired_at", Moment),
)

# The moments at which the burst bucket and the sustained bucket of a key will have drained.
rate_limits = sa.Table(
    "rate_limits",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("burst_until", Moment, nullable=False),
    sa.Column("sustained_until", Moment, nullable=False),
)
sa.Index("rate_limits_sustained_until", rate_limits.c.sustained_until)

idempotency_records = sa.Table(
    "idempotency_records",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("claimed_until", Moment, nullable=False),
    sa.Column("user_id", sa.Uuid),
    sa.Column("expires_at", Moment, nullable=False),
)
sa.Index("idempotency_records_expires_at", idempotency_records.c.expires_at)
