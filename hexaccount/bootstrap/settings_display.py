"""The settings as `hexaccount config show` prints them: without secrets."""

import re
from urllib.parse import urlsplit

import msgspec

from hexaccount.bootstrap.settings import Settings, WebhookSettings

_HIDDEN = "********"
_SECRETS = ("jwt.key", "personal_data.previous_key", "kafka.sasl_password", "kafka.ssl_key_password")
_SECRET_PARAMETER = re.compile(
    r"([?&][^=&]*(?:passw|secret|token|key|mechanismproperties)[^=&]*=)[^&#]*", re.IGNORECASE
)


def shown_settings(settings: Settings) -> dict[str, object]:
    """Return every setting by its dotted name, with secrets replaced by asterisks."""
    shown: dict[str, object] = {}
    for name, value in msgspec.to_builtins(settings).items():
        if isinstance(value, dict) and name != "roles":
            shown |= {f"{name}.{field}": setting for field, setting in value.items()}
        else:
            shown[name] = value
    shown["store"] = _hide_password(settings.store)
    shown["personal_data.keys"] = settings.personal_data.keys and _hide_password(settings.personal_data.keys)
    shown["mail.url"] = settings.mail.url and _hide_password(settings.mail.url)
    shown["cache"] = None if settings.cache is None else _hide_password(settings.cache)
    shown["events"] = [_hide_password(url) for url in settings.events]
    shown["webhooks"] = [_shown_webhook(webhook) for webhook in settings.webhooks]
    return shown | {name: _HIDDEN for name in _SECRETS if shown[name] is not None}


def _shown_webhook(webhook: WebhookSettings) -> dict[str, object]:
    parts = urlsplit(webhook.url)
    # Path and query are hidden, as some receivers identify their senders by a secret there.
    url = f"{parts.scheme}://{parts.netloc}" + (f"/{_HIDDEN}" if parts.path.strip("/") or parts.query else "")
    return {**msgspec.to_builtins(webhook), "url": url, "secret": _HIDDEN}


def _hide_password(url: str) -> str:
    """Hide the password of a URL and the parameters whose names suggest a secret."""
    if any("@" in parameter[0] for parameter in _SECRET_PARAMETER.finditer(url)):
        # Ambiguous: a driver takes what follows the @ for a host; the operator may have meant it as part of a password.
        return f"{url.partition('://')[0]}://{_HIDDEN}"
    # Up to the last @, as drivers do: user and password may contain characters that end a host elsewhere.
    url = re.sub(r"^([^:]+://[^:@/]*):.*@", rf"\1:{_HIDDEN}@", url, flags=re.DOTALL)
    return _SECRET_PARAMETER.sub(rf"\1{_HIDDEN}", url)
