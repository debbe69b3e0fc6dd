import pytest

from hexaccount_system import SystemClock
from hexaccount_webhooks import DeliveryFailed, Endpoint, WebhookPublisher, parse_secret
from tests.adapters.sample_events import an_event
from tests.adapters.webhooks.receivers import SECRET


def webhook(url: str, *secrets: str, allow_private: bool = True) -> WebhookPublisher:
    """Return a publisher to a URL that signs with `secrets`, by default SECRET alone."""
    endpoint = Endpoint.of(url, allow_private=allow_private)
    return WebhookPublisher("crm", endpoint, [parse_secret(secret) for secret in secrets or (SECRET,)], SystemClock())


def error_of(url: str) -> str:
    with pytest.raises(DeliveryFailed) as raised:
        webhook(url).publish([an_event()])
    assert raised.value.__cause__ is None
    return str(raised.value)
