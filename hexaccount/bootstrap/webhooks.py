"""The subscribers of the setting `webhooks`, and the retry policies of their relays."""

from datetime import timedelta

from hexaccount.bootstrap.settings import Settings, WebhookSettings
from hexaccount.events.relay import RelayPolicy
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.kernel.clock import Clock

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=6)
LONGEST_WAIT = timedelta(minutes=5)
PATIENT_ATTEMPTS = 25


def open_webhooks(settings: Settings, clock: Clock) -> list[PublishingSubscriber]:
    """Return a subscriber for each webhook."""
    return [_open(webhook, clock) for webhook in settings.webhooks]


def webhook_policies(settings: Settings) -> dict[str, RelayPolicy]:
    """Return the policy for each webhook by the name of its subscriber."""
    return {_subscriber_name(webhook): patient_policy(settings, webhook.attempts) for webhook in settings.webhooks}


def patient_policy(settings: Settings, attempts: int = PATIENT_ATTEMPTS) -> RelayPolicy:
    """Return the policy for a receiver that takes one event at a time, and may be away for long.

    The lease has to cover one request, and a later failure must not repeat it. With these pauses the default number of
    attempts takes about three days.
    """
    return RelayPolicy(
        attempts=attempts,
        first_pause=FIRST_PAUSE,
        longest_pause=LONGEST_PAUSE,
        longest_wait=LONGEST_WAIT,
        lease=timedelta(seconds=settings.relay.lease),
        batch=1,
    )


def _open(webhook: WebhookSettings, clock: Clock) -> PublishingSubscriber:
    from hexaccount_webhooks import Endpoint, WebhookPublisher, parse_secret

    endpoint = Endpoint.of(webhook.url, allow_private=webhook.allow_private)
    secrets = [parse_secret(secret) for secret in webhook.secrets]
    publisher = WebhookPublisher(webhook.name, endpoint, secrets, clock)
    return PublishingSubscriber(_subscriber_name(webhook), publisher, webhook.events)


def _subscriber_name(webhook: WebhookSettings) -> str:
    return f"webhook:{webhook.name}"
