"""Checks of the setting `webhooks`; no message repeats a URL or a secret."""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial

from hexaccount.bootstrap.capabilities import event_types
from hexaccount.bootstrap.settings import SettingsError, WebhookSettings

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_webhooks(webhooks: Sequence[WebhookSettings]) -> None:
    """Raise SettingsError for the first webhook that events cannot be sent to."""
    names: set[str] = set()
    for number, webhook in enumerate(webhooks):
        place = f"webhooks[{number}]"
        if not _NAME.fullmatch(webhook.name):
            raise SettingsError(f"{place}.name: write up to 64 small letters, digits, - and _, such as crm")
        if webhook.name in names:
            raise SettingsError(f"{place}.name: {webhook.name} is another webhook's name; choose a different one")
        names.add(webhook.name)
        _check_target(place, webhook)
        _check_types(place, webhook.events)


def _check_target(place: str, webhook: WebhookSettings) -> None:
    from hexaccount_webhooks import Endpoint, parse_secret

    _check(f"{place}.url", partial(Endpoint.of, allow_private=webhook.allow_private), webhook.url)
    if not 1 <= len(webhook.secrets) <= 2:
        raise SettingsError(f"{place}.secret: give one secret, or two during a rotation")
    for secret in webhook.secrets:
        _check(f"{place}.secret", parse_secret, secret)


def _check(setting: str, read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except ValueError as error:
        raise SettingsError(f"{setting}: {error}") from None


def _check_types(place: str, types: Sequence[str]) -> None:
    if not types:
        raise SettingsError(f'{place}.events: name the event types to send, or ["*"] for all')
    known = event_types()
    for event_type in types:
        if event_type != "*" and event_type not in known:
            near = get_close_matches(event_type, known, n=1)
            remedy = f"did you mean {near[0]}?" if near else f'use ["*"] for all, or {", ".join(known)}'
            raise SettingsError(f"{place}.events: {event_type} is no event type; {remedy}")
