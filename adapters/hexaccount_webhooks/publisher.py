import ssl
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from http.client import responses

import msgspec

from hexaccount.events.cloud_event import structured
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventPublisher, ReceiverUnavailable
from hexaccount.kernel.clock import Clock
from hexaccount_webhooks.connection import connect
from hexaccount_webhooks.deadline import Deadline
from hexaccount_webhooks.endpoint import Endpoint
from hexaccount_webhooks.errors import NotSent, NotTaken
from hexaccount_webhooks.exchange import post
from hexaccount_webhooks.signing_secret import SigningSecret

AWAY = timedelta(days=1)
"""How long events wait for a receiver that cannot be reached; after it each attempt counts."""

_CHECK = 8.0
_REMEDIES = {3: "redirects are not followed: write where it leads as url", 410: "if it is gone for good, remove it"}

_encode = msgspec.json.Encoder().encode


class WebhookPublisher(EventPublisher):
    """Sends each event in a request of its own, which every one of `secrets` signs.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    `publish` raises NotTaken for an event that was not answered with success; ReceiverUnavailable where nothing could
    be sent, and NotSent if that is so for an event that is older than a day.
    """

    def __init__(self, name: str, endpoint: Endpoint, secrets: Sequence[SigningSecret], clock: Clock) -> None:
        self._receiver = f"the webhook {name} at {endpoint.host}"
        self._endpoint = endpoint
        self._secrets = secrets
        self._clock = clock

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            try:
                self._send(entry)
            except NotTaken as error:
                raise NotTaken(f"{self._receiver} has not taken it: {error}") from None
            except NotSent as error:
                told = f"{self._receiver} cannot be reached: {error}"
                is_old = self._clock.now() - entry.time > AWAY
                raise NotSent(told) if is_old else ReceiverUnavailable(told) from None

    def check(self) -> None:
        """Connect, and send nothing."""
        try:
            connect(self._endpoint, self._tls, Deadline.after(_CHECK)).close()
        except (NotSent, TimeoutError) as error:
            raise ReceiverUnavailable(f"{self._receiver} cannot be reached: {error}") from None

    def close(self) -> None:
        """Do nothing: no connection outlives its request."""

    def _send(self, entry: JournalEntry) -> None:
        body, timestamp = _encode(structured(entry)), int(self._clock.now().timestamp())
        signatures = [secret.signature(str(entry.id), timestamp, body) for secret in self._secrets]
        headers = {
            "Content-Type": "application/cloudevents+json",
            "User-Agent": "hexaccount",
            "Connection": "close",
            "webhook-id": str(entry.id),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signatures),
        }
        status = post(self._endpoint, self._tls, headers, body)
        if not 200 <= status < 300:
            raise NotTaken(_told(status))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _told(status: int) -> str:
    remedy = _REMEDIES.get(status) or _REMEDIES.get(status // 100)
    return f"it answered {status} {responses.get(status, '')}".rstrip() + (f"; {remedy}" if remedy else "")
