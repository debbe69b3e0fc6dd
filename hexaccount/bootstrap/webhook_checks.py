"""What the settings of webhooks have to be like; no message repeats a URL or a secret."""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial

from hexaccount.bootstrap.settings import SettingsError, WebhookSettings
from hexaccount.kernel.event import EVENT_TYPES

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_webhooks(webhooks: Sequence[WebhookSettings]) -> None:
    """Return if events can be sent to all of them; raises SettingsError."""
    names: set[str] = set()
    for number, webhook in enumerate(webhooks):
        place = f"webhooks[{number}]"
        if not _NAME.fullmatch(webhook.name):
            raise SettingsError(
                f"{place}.name: write up to 64 small letters, digits, - and _, such as crm; the store knows it by that"
            )
        if webhook.name in names:
            raise SettingsError(f"{place}.name: {webhook.name} is another webhook's name; choose one of its own")
        names.add(webhook.name)
        _check_target(place, webhook)
        _check_types(place, webhook.events)


def _check_target(place: str, webhook: WebhookSettings) -> None:
    from hexaccount_webhooks import Endpoint, SigningSecret  # noqa: PLC0415 - only who uses it imports it

    _accept(f"{place}.url", partial(Endpoint.of, allow_private=webhook.allow_private), webhook.url)
    if not 1 <= len(webhook.secrets) <= 2:
        raise SettingsError(f"{place}.secret: give one secret, or two while receivers change from one to the other")
    for secret in webhook.secrets:
        _accept(f"{place}.secret", SigningSecret.of, secret)


def _accept(setting: str, read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except ValueError as error:
        raise SettingsError(f"{setting}: {error}") from None


def _check_types(place: str, types: Sequence[str]) -> None:
    if not types:
        raise SettingsError(f'{place}.events: name the types of events that it gets, or ["*"] for all')
    for event_type in types:
        if event_type != "*" and event_type not in EVENT_TYPES:
            near = get_close_matches(event_type, EVENT_TYPES, n=1)
            remedy = f"did you mean {near[0]}?" if near else f'known are ["*"] for all, {", ".join(EVENT_TYPES)}'
            raise SettingsError(f"{place}.events: {event_type} is no type of events; {remedy}")
