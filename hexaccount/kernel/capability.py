from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hexaccount.kernel.event import Event
from hexaccount.kernel.messages import Message
from hexaccount.kernel.metrics import MetricDefinition
from hexaccount.kernel.permission import Permission
from hexaccount.kernel.rate_limit import RateLimitPolicy
from hexaccount.kernel.records import Expiry, RecordType


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHandler:
    """A function that reacts to one type of event, in a transaction that makes its effect happen once.

    `name` identifies the subscription in the store and must never change. `handle` takes the event and a unit of work,
    and does not commit. `prefetch` takes several events and a unit of work, and may read at once what `handle` is going
    to look up for each. `needs` is a port without whose adapter there is nothing to do, so that nothing is subscribed.
    """

    name: str
    event: type[Event]
    handle: Callable[..., None]
    prefetch: Callable[..., None] | None = None
    needs: type[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideEffect:
    """A function that reacts to events outside of the store, at least once to each, one after the other.

    `name` identifies the subscription as that of an event handler does. `perform` takes the event and its journal
    entry; an exception says that it did not succeed, and it is performed again later.
    """

    name: str
    events: Sequence[type[Event]]
    perform: Callable[..., None]
    needs: type[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capability:
    """What one room contributes to the service.

    handlers: the function that handles each message. Like those of `event_handlers` and `side_effects`, it takes its
        dependencies as keyword arguments, which bootstrap finds by their annotated types.
    replay_targets: classes of replay targets, whose fields are found likewise.
    records: the record types that it stores.
    expiries: when they expire, in the order in which they have to be removed.
    permissions: those that the routes to its handlers ask for.
    rate_limits: the policies that its handlers, or the routes to them, acquire permits of.
    """

    name: str
    handlers: Mapping[type[Message[Any]], Callable[..., Any]] = field(default_factory=dict)
    event_handlers: Sequence[EventHandler] = ()
    side_effects: Sequence[SideEffect] = ()
    replay_targets: Sequence[type[Any]] = ()
    permissions: Sequence[Permission] = ()
    rate_limits: Sequence[RateLimitPolicy] = ()
    metrics: Sequence[MetricDefinition] = ()
    records: Sequence[RecordType[Any]] = ()
    expiries: Sequence[Expiry] = ()
