"""Publishes each event as a signed POST, as Standard Webhooks specifies."""

from hexaccount_webhooks.endpoint import Endpoint
from hexaccount_webhooks.errors import DeliveryFailed, EndpointUnreachable
from hexaccount_webhooks.publisher import WebhookPublisher
from hexaccount_webhooks.signing_secret import parse_secret

__all__ = ["DeliveryFailed", "Endpoint", "EndpointUnreachable", "WebhookPublisher", "parse_secret"]
