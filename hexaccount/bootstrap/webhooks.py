"""The receivers of the setting `webhooks`, and how patient their relays are."""

from datetime import timedelta

from hexaccount.bootstrap.settings import Settings, WebhookSettings
from hexaccount.events.relay import RelayPolicy
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.kernel.clock import Clock

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=6)
LONGEST_WAIT = timedelta(minutes=5)


def open_webhooks(settings: Settings, clock: Clock) -> list[PublishingSubscriber]:
    """Return a subscriber for each webhook."""
    return [_open(webhook, clock) for webhook in settings.webhooks]


def webhook_policies(settings: Settings) -> dict[str, RelayPolicy]:
    """Return the patience with each webhook by the name of its subscriber.

    One event is claimed at a time: each is a request of its own, which its lease has to cover, and which is not to be
    repeated because a later one failed. The pauses are such that the attempts of the default spread over three days.
    """
    return {
        _name_of(webhook): RelayPolicy(
            attempts=webhook.attempts,
            first_pause=FIRST_PAUSE,
            longest_pause=LONGEST_PAUSE,
            longest_wait=LONGEST_WAIT,
            lease=timedelta(seconds=settings.relay.lease),
            batch=1,
        )
        for webhook in settings.webhooks
    }


def _open(webhook: WebhookSettings, clock: Clock) -> PublishingSubscriber:
    from hexaccount_webhooks import Endpoint, SigningSecret, WebhookPublisher  # noqa: PLC0415 - only who uses it

    endpoint = Endpoint.of(webhook.url, allow_private=webhook.allow_private)
    secrets = [SigningSecret.of(secret) for secret in webhook.secrets]
    publisher = WebhookPublisher(webhook.name, endpoint, secrets, clock)
    return PublishingSubscriber(_name_of(webhook), publisher, webhook.events)


def _name_of(webhook: WebhookSettings) -> str:
    return f"webhook:{webhook.name}"
