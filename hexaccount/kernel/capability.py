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
    to look up for each.
    """

    name: str
    event: type[Event]
    handle: Callable[..., None]
    prefetch: Callable[..., None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capability:
    """What one room contributes to the service.

    handlers: the function that handles each message. Like those of `event_handlers`, it takes its dependencies as
        keyword arguments, which bootstrap finds by their annotated types.
    replay_targets: classes of replay targets, whose fields are found likewise.
    records: the record types that it stores.
    expiries: when they expire, in the order in which they have to be removed.
    permissions: those that the routes to its handlers ask for.
    rate_limits: the policies that its handlers, or the routes to them, acquire permits of.
    """

    name: str
    handlers: Mapping[type[Message[Any]], Callable[..., Any]] = field(default_factory=dict)
    event_handlers: Sequence[EventHandler] = ()
    replay_targets: Sequence[type[Any]] = ()
    permissions: Sequence[Permission] = ()
    rate_limits: Sequence[RateLimitPolicy] = ()
    metrics: Sequence[MetricDefinition] = ()
    records: Sequence[RecordType[Any]] = ()
    expiries: Sequence[Expiry] = ()
