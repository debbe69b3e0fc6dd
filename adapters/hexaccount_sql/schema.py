"""The tables.

Aggregates name each other by id, without foreign keys: each is its own border of consistency, as on a store that
has no joins. What must be unique is so by a constraint; `migrations` brings databases into this form.
"""

from typing import Any

import sqlalchemy as sa

from hexaccount_sql.columns import Moment

# The schema versions that this code can serve with, as far as it knows them; the last is the one that it makes.
SUPPORTED_VERSIONS = ("0001", "0002")

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
_closed: dict[str, Any] = {
    f"{dialect}_where": sessions.c.closed_at.is_not(None) for dialect in ("postgresql", "sqlite")
}
# Those that have ended, one way or the other.
sa.Index("sessions_end", sessions.c.idle_until)
sa.Index("sessions_closed", sessions.c.closed_at, **_closed)

sa.Index("sessions_of_user", sessions.c.user_id, sessions.c.id)

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

# The key makes sequences gapless under races: it is also the compare-and-set that guards every aggregate's version.
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
# The history of one account.
sa.Index("journal_subject", journal.c.subject, journal.c.id)

# Of these there are so many that they are found soon wherever one looks; all others are found by an index.
FREQUENT_TYPES = (
    "hexaccount.profile.created.v1",
    "hexaccount.profile.updated.v1",
    "hexaccount.session.closed.v1",
    "hexaccount.session.kept.v1",
    "hexaccount.session.opened.v1",
    "hexaccount.session.refreshed.v1",
    "hexaccount.user.registered.v1",
)
# In the words of the index and of whoever wants it to be used: SQLite goes by them.
RARE = sa.text("type NOT IN ({})".format(", ".join(map(repr, FREQUENT_TYPES))))
_rare: dict[str, Any] = {f"{dialect}_where": RARE for dialect in ("postgresql", "sqlite")}
sa.Index("journal_rare", journal.c.type, journal.c.id, **_rare)

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
    sa.Column("set_aside", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    # A claim changes a row beside itself, on the same page, and no index has to learn of it.
    postgresql_with={"fillfactor": 50},
)
_owed: dict[str, Any] = {f"{dialect}_where": ~deliveries.c.set_aside for dialect in ("postgresql", "sqlite")}
_set_aside: dict[str, Any] = {
    f"{dialect}_where": deliveries.c.set_aside == sa.true() for dialect in ("postgresql", "sqlite")
}
# The next ones to claim, the first one owed of an aggregate, and those that were given up.
sa.Index("deliveries_owed", deliveries.c.subscriber, deliveries.c.event_id, **_owed)
sa.Index("deliveries_order", *deliveries.c["subscriber", "aggregate", "aggregate_id", "sequence"], **_owed)
sa.Index("deliveries_set_aside", deliveries.c.event_id, deliveries.c.subscriber, **_set_aside)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("subscriber", sa.Text, primary_key=True),
    sa.Column("event_id", sa.Uuid, primary_key=True),
)

# A digest stands for a token that nobody can read back; `salt` makes the successor of a spent one during the grace.
# That no token has two successors is kept by their predecessor's being unique.
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
_spent: dict[str, Any] = {
    f"{dialect}_where": refresh_tokens.c.spent_at.is_not(None) for dialect in ("postgresql", "sqlite")
}
_salted: dict[str, Any] = {
    f"{dialect}_where": refresh_tokens.c.salt.is_not(None) for dialect in ("postgresql", "sqlite")
}
sa.Index("refresh_tokens_session", refresh_tokens.c.session_id)
sa.Index("refresh_tokens_spent", refresh_tokens.c.spent_at, **_spent)
sa.Index("refresh_tokens_salted", refresh_tokens.c.spent_at, **_salted)

# `sealed` is the private key, encrypted under the setting `jwt.key`.
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

# How far two meters of one key have been filled, as the moments at which they will have drained.
rate_limits = sa.Table(
    "allowances",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("burst_until", Moment, nullable=False),
    sa.Column("sustained_until", Moment, nullable=False),
)
sa.Index("allowances_lasting", rate_limits.c.sustained_until)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("claimed_until", Moment, nullable=False),
    sa.Column("user_id", sa.Uuid),
    sa.Column("expires_at", Moment, nullable=False),
)
sa.Index("idempotency_keys_expiry", idempotency_keys.c.expires_at)
