from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from hexaccount.events.ports import Subscriptions
from hexaccount_sql.errors import store_errors
from hexaccount_sql.schema import deliveries, subscriptions

_SUBSCRIBER = sa.bindparam("for_subscriber", type_=sa.Text)
_LIMIT = sa.bindparam("most", type_=sa.Integer)
_UNSUBSCRIBE = sa.delete(subscriptions).where(subscriptions.c.subscriber == _SUBSCRIBER)
_doomed = (
    sa.select(deliveries.c.event_id)
    .where(deliveries.c.subscriber == _SUBSCRIBER)
    .order_by(deliveries.c.event_id)
    .limit(_LIMIT)
    .correlate(None)
)
_STRIKE_OFF = sa.delete(deliveries).where(deliveries.c.subscriber == _SUBSCRIBER, deliveries.c.event_id.in_(_doomed))
# From one name to the next along the index: to look at every delivery would take as long as there are many.
_NEXT_OWED = sa.select(sa.func.min(deliveries.c.subscriber)).where(deliveries.c.subscriber > _SUBSCRIBER)
_ENROLLED = sa.select(subscriptions.c.subscriber).distinct()


@dataclass(frozen=True, slots=True)
class SqlSubscriptions(Subscriptions):
    """The subscriptions in the tables `subscriptions` and `deliveries`."""

    engine: sa.Engine

    def names(self) -> Collection[str]:
        with store_errors(), self.engine.connect() as connection:
            names = set(connection.execute(_ENROLLED).scalars())
            pending = ""
            while pending := connection.execute(_NEXT_OWED, {"for_subscriber": pending}).scalar_one() or "":
                names.add(pending)
        return names

    def unsubscribe(self, subscriber: str, *, limit: int) -> int:
        # Each is a commit of its own: what others commit is owed no more from the first on.
        with store_errors(), self.engine.connect() as connection:
            connection.execute(_UNSUBSCRIBE, {"for_subscriber": subscriber})
            return connection.execute(_STRIKE_OFF, {"for_subscriber": subscriber, "most": limit}).rowcount
