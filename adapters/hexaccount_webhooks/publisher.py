import ssl
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from http.client import responses

import msgspec
from standardwebhooks import Webhook

from hexaccount.events.cloud_event import structured
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventPublisher, ReceiverUnavailable
from hexaccount.kernel.clock import Clock
from hexaccount_webhooks.connection import connect
from hexaccount_webhooks.endpoint import Endpoint
from hexaccount_webhooks.errors import DeliveryFailed, EndpointUnreachable
from hexaccount_webhooks.request import post

LONGEST_OUTAGE = timedelta(days=1)
"""How old an event may get before a failure to connect counts as an attempt."""

_CHECK_TIMEOUT = 8.0
_REMEDIES = {
    3: "redirects are not followed: write the address it redirects to as url",
    410: "if the receiver is gone for good, remove the webhook",
}

_encode = msgspec.json.Encoder().encode


class WebhookPublisher(EventPublisher):
    """Sends each event in a request of its own, signed with each of `secrets`.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    `publish` raises DeliveryFailed for an event that the receiver does not answer with 2xx. If no connection comes
    about it raises ReceiverUnavailable, and EndpointUnreachable for an event older than LONGEST_OUTAGE.
    """

    def __init__(self, name: str, endpoint: Endpoint, secrets: Sequence[Webhook], clock: Clock) -> None:
        self._receiver = f"the webhook {name} at {endpoint.host}"
        self._endpoint = endpoint
        self._secrets = secrets
        self._clock = clock

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            try:
                self._send(entry)
            except DeliveryFailed as error:
                raise DeliveryFailed(f"{self._receiver} did not accept the event: {error}") from None
            except EndpointUnreachable as error:
                message = f"{self._receiver} cannot be reached: {error}"
                is_old = self._clock.now() - entry.time > LONGEST_OUTAGE
                raise EndpointUnreachable(message) if is_old else ReceiverUnavailable(message) from None

    def check(self) -> None:
        """Connect, and send nothing."""
        try:
            connect(self._endpoint, self._tls, time.monotonic() + _CHECK_TIMEOUT).close()
        except EndpointUnreachable as error:
            raise ReceiverUnavailable(f"{self._receiver} cannot be reached: {error}") from None

    def close(self) -> None:
        """Do nothing: each request has a connection of its own."""

    def _send(self, entry: JournalEntry) -> None:
        body, now = _encode(structured(entry)), self._clock.now()
        signatures = [secret.sign(str(entry.id), now, body.decode()) for secret in self._secrets]
        headers = {
            "Content-Type": "application/cloudevents+json",
            "User-Agent": "hexaccount",
            "Connection": "close",
            "webhook-id": str(entry.id),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        status = post(self._endpoint, self._tls, headers, body)
        if not 200 <= status < 300:
            raise DeliveryFailed(_reason(status))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _reason(status: int) -> str:
    remedy = _REMEDIES.get(status) or _REMEDIES.get(status // 100)
    return f"it answered {status} {responses.get(status, '')}".rstrip() + (f"; {remedy}" if remedy else "")
