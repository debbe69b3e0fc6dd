from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from hexaccount.events.ports import Subscriptions
from hexaccount_sql.errors import store_errors
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.schema import deliveries, subscriptions

_SUBSCRIBER = sa.bindparam("for_subscriber", type_=sa.Text)
_LIMIT = sa.bindparam("most", type_=sa.Integer)
_UNSUBSCRIBE = sa.delete(subscriptions).where(subscriptions.c.subscriber == _SUBSCRIBER)
_batch = (
    sa.select(deliveries.c.event_id)
    .where(deliveries.c.subscriber == _SUBSCRIBER)
    .order_by(deliveries.c.event_id)
    .limit(_LIMIT)
    .correlate(None)
)
_DELETE_BATCH = sa.delete(deliveries).where(deliveries.c.subscriber == _SUBSCRIBER, deliveries.c.event_id.in_(_batch))
# Jumps from one name to the next along the index, instead of reading every delivery.
_NEXT_PENDING = sa.select(sa.func.min(deliveries.c.subscriber)).where(deliveries.c.subscriber > _SUBSCRIBER)
_SUBSCRIBED = sa.select(subscriptions.c.subscriber).distinct()


@dataclass(frozen=True, slots=True)
class SqlSubscriptions(Subscriptions):
    """The subscriptions in the tables `subscriptions` and `deliveries`."""

    engine: sa.Engine

    def names(self) -> Collection[str]:
        with store_errors(), PlainConnection(self.engine) as connection:
            return {name for (name,) in connection.fetch(_SUBSCRIBED)} | names_of_deliveries(connection)

    def unsubscribe(self, subscriber: str, *, limit: int) -> int:
        # Two commits: from the first on, new events are no longer enqueued for the subscriber.
        with store_errors(), PlainConnection(self.engine) as connection:
            connection.change(_UNSUBSCRIBE, {"for_subscriber": subscriber})
            return connection.change(_DELETE_BATCH, {"for_subscriber": subscriber, "most": limit})


def names_of_deliveries(connection: PlainConnection) -> set[str]:
    """Return every subscriber that has a pending delivery or a dead letter."""
    names, name = set(), ""
    while name := connection.fetch(_NEXT_PENDING, {"for_subscriber": name})[0][0] or "":
        names.add(name)
    return names
