"""Reading the settings from a TOML file and the environment over it, and showing them; secrets stay hidden."""

import json
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeGuard, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from hexaccount.bootstrap.settings import PREFIX, Settings, SettingsError, WebhookSettings
from hexaccount.bootstrap.settings_checks import check_settings
from hexaccount.bootstrap.settings_environment import settings_of
from hexaccount.roles.permission import Permission

_SECRET_PARAMETER = re.compile(
    r"([?&][^=&]*(?:passw|secret|token|key|mechanismproperties)[^=&]*=)[^&#]*", re.IGNORECASE
)
_LIST = '["one", "two"]'
_LISTS = {"webhooks": '[{"name": "crm", "url": "https://crm.example.org/hook", "secret": "whsec_…"}]'}


def load_settings(config: Path | None, environment: Mapping[str, str]) -> Settings:
    """Return the settings of a TOML file, if any, with those of the environment over it; raises SettingsError."""
    if config is None and environment.get(PREFIX + "CONFIG"):
        config = Path(environment[PREFIX + "CONFIG"])
    values = _read_file(config) if config else {}
    for names, text in settings_of(environment):
        _put(values, names, text)
    settings = _convert(values)
    check_settings(settings)
    return settings


def shown_settings(settings: Settings) -> dict[str, object]:
    """Return every setting by its dotted name, secrets hidden."""
    shown: dict[str, object] = {}
    for name, value in msgspec.to_builtins(settings).items():
        for inner, setting in value.items() if isinstance(value, dict) and name != "roles" else (("", value),):
            shown[f"{name}.{inner}".rstrip(".")] = setting
    shown["store"] = _without_password(settings.store)
    shown["cache"] = None if settings.cache is None else _without_password(settings.cache)
    shown["events"] = [_without_password(url) for url in settings.events]
    for secret in ("jwt.key", "kafka.sasl_password", "kafka.ssl_key_password"):
        shown[secret] = None if shown[secret] is None else "********"
    shown["webhooks"] = [_shown_webhook(webhook) for webhook in settings.webhooks]
    return shown


def _shown_webhook(webhook: WebhookSettings) -> dict[str, object]:
    """Return a webhook; its path and query may be a secret, as some receivers know their senders by them."""
    parts = urlsplit(webhook.url)
    url = f"{parts.scheme}://{parts.netloc}" + ("/********" if parts.path.strip("/") or parts.query else "")
    return {**msgspec.to_builtins(webhook), "url": url, "secret": "********"}


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {path} is not valid TOML: {error}") from error


def _put(values: dict[str, Any], names: list[str], text: str) -> None:
    """Set what an environment variable says, as the type that the setting has."""
    *groups, last = names
    for group in groups:
        inner = values.setdefault(group, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"{group} is no table of settings, so {'.'.join(names)} cannot be set")
        values = inner
    values[last] = _json_of(text) if text.startswith(("[", "{")) else text


def _json_of(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # the conversion says what is wanted


def _convert(values: dict[str, Any]) -> Settings:
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        raise SettingsError(_explain(reason, place.rstrip("`").lstrip("."))) from None


def _explain(reason: str, place: str) -> str:
    if "unknown field" in reason:
        name = reason.split("`")[1]
        known = [f"{place}.{field}".lstrip(".") for field in _fields_of(place)]
        full = f"{place}.{name}".lstrip(".")
        # By the last name first: what stands before it is the same for all, and would make any of them alike.
        near = [f"{place}.{like}".lstrip(".") for like in get_close_matches(name, _fields_of(place), n=1)]
        near = near or ([] if "[" in place else get_close_matches(full, shown_settings(Settings()), n=1))
        return f"{full} is no setting; " + (f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}")
    variable = PREFIX + place.partition("[")[0].upper().replace(".", "__")
    if place.startswith("roles"):
        place, reason = "roles", _explain_roles(reason)
    elif allowed := _allowed(place):
        reason = f"must be one of {', '.join(allowed)}"
    elif "`array`" in reason:
        reason = f"a list is wanted, in the environment as JSON such as '{_LISTS.get(place, _LIST)}'"
    return f"{place or 'the settings'}: {reason}; set it in the file or as {variable}"


def _explain_roles(reason: str) -> str:
    _, _, wrong = reason.partition("Invalid enum value ")
    fault = f"{wrong} is no permission" if wrong else "each role is a name and a list of permissions"
    known = ", ".join(Permission)
    return f"""{fault}; there are {known}, and in the environment it is JSON such as '{{"support": ["users.read"]}}'"""


def _allowed(place: str) -> tuple[str, ...]:
    """Return the values of a setting that has but a few."""
    group, _, name = place.rpartition(".")
    defaults = getattr(Settings(), group, None) if group else Settings()
    hint = get_type_hints(type(defaults)).get(name)
    return get_args(hint) if get_origin(hint) is Literal else ()


def _fields_of(place: str) -> list[str]:
    """Return the settings in a table, or in each table of a list of them."""
    kind: type[msgspec.Struct] = Settings
    for name in filter(None, re.sub(r"\[\d+\]", "", place).split(".")):
        hint = get_type_hints(kind).get(name)
        kind = next((known for known in (hint, *get_args(hint)) if _is_table(known)), kind)
    return [field.name for field in msgspec.structs.fields(kind)]


def _is_table(hint: Any) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def _without_password(url: str) -> str:
    """Hide what stands for a password in a URL: behind the user's name, and in parameters that are named so."""
    if any("@" in parameter[0] for parameter in _SECRET_PARAMETER.finditer(url)):
        # Whoever connects takes what is behind it for a host, and who wrote it for the rest of a password.
        return f"{url.partition('://')[0]}://********"
    # Up to the last @, as whoever connects reads it: a password may hold all that ends a host elsewhere.
    url = re.sub(r"^([^:]+://[^:@/?#]*):.*@", r"\1:********@", url, flags=re.DOTALL)
    return _SECRET_PARAMETER.sub(r"\1********", url)
