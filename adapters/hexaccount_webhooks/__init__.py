"""Signed webhooks: an event is a POST to a receiver, as Standard Webhooks has it."""

from hexaccount_webhooks.endpoint import Endpoint
from hexaccount_webhooks.errors import NotSent, NotTaken
from hexaccount_webhooks.publisher import WebhookPublisher
from hexaccount_webhooks.signing_secret import SigningSecret

__all__ = ["Endpoint", "NotSent", "NotTaken", "SigningSecret", "WebhookPublisher"]
