"""Events: the journal, the outbox, its relays and subscribers, and replay."""

from hexaccount.events import (
    get_event,
    list_events,
    list_subscribers,
    metrics,
    preview_replay,
    replay_events,
    retry_dead_letters,
    unsubscribe,
)
from hexaccount.kernel.capability import Capability
from hexaccount.kernel.metrics import metric_definitions

capability = Capability(
    name="events",
    handlers={
        get_event.GetEvent: get_event.get_event,
        list_events.ListEvents: list_events.list_events,
        list_subscribers.ListSubscribers: list_subscribers.list_subscribers,
        preview_replay.PreviewReplay: preview_replay.preview_replay,
        replay_events.ReplayEvents: replay_events.replay_events,
        retry_dead_letters.RetryDeadLetters: retry_dead_letters.retry_dead_letters,
        unsubscribe.Unsubscribe: unsubscribe.unsubscribe,
    },
    metrics=metric_definitions(metrics),
)
