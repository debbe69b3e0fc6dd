"""The tables of journal, deliveries, inbox and rate limits; `record_tables` has those of declared records.

The package `migrations` brings a database to this schema.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from hexaccount_sql.columns import Moment, partial_index

SUPPORTED_VERSIONS = ("0001",)
"""The versions of migrations with which this code can serve, oldest first; the last is the one that it migrates to."""

metadata = sa.MetaData()

# Of two writers that read the same version of an aggregate, one violates the primary key.
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
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("subscriber", sa.Text, primary_key=True),
    sa.Column("event_id", sa.Uuid, primary_key=True),
)

# The moments at which the burst bucket and the sustained bucket of a key will have drained.
rate_limits = sa.Table(
    "rate_limits",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("burst_until", Moment, nullable=False),
    sa.Column("sustained_until", Moment, nullable=False),
)


def add_indexes(tables: Mapping[str, sa.Table]) -> None:
    """Add the indexes of these tables, and how PostgreSQL stores their rows.

    Only migrations need them, and an option of a dialect imports that dialect.
    """
    # For the history of one user, and for all events of a type.
    journal = tables["journal"].c
    sa.Index("journal_subject", journal.subject, journal.id)
    sa.Index("journal_type", journal.type, journal.id)
    # For the next deliveries to claim, the first pending one of an aggregate, and the dead letters.
    deliveries = tables["deliveries"].c
    pending = partial_index(~deliveries.dead_letter)
    dead_letters = partial_index(deliveries.dead_letter == sa.true())
    sa.Index("deliveries_pending", deliveries.subscriber, deliveries.event_id, **pending)
    sa.Index("deliveries_order", *deliveries["subscriber", "aggregate", "aggregate_id", "sequence"], **pending)
    sa.Index("deliveries_dead_letters", deliveries.event_id, deliveries.subscriber, **dead_letters)
    # Half of each page is free for heap-only updates (HOT): a claim touches no index.
    tables["deliveries"].dialect_options["postgresql"]["with"] = {"fillfactor": 50}
    sa.Index("rate_limits_sustained_until", tables["rate_limits"].c.sustained_until)
