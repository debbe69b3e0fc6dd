from hexaccount_system import SystemClock
from hexaccount_webhooks import Endpoint, SigningSecret, WebhookPublisher
from tests.adapters.webhooks.receivers import SECRET


def webhook(url: str, *secrets: str, allow_private: bool = True) -> WebhookPublisher:
    """Return a publisher to a URL, signing with one secret unless others are given."""
    endpoint = Endpoint.of(url, allow_private=allow_private)
    return WebhookPublisher(
        "crm", endpoint, [SigningSecret.of(secret) for secret in secrets or (SECRET,)], SystemClock()
    )
