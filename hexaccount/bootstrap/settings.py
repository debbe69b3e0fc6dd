"""What operators set, read from a TOML file and the environment over it, and validated before anything opens."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from hexaccount.domain.errors import InvalidValue
from hexaccount.domain.permission import Permission
from hexaccount.domain.role import Role

PREFIX = "HEXACCOUNT_"
DATA_DIRECTORY = Path("hexaccount-data")
DEFAULT_STORE = f"sqlite:///{DATA_DIRECTORY}/hexaccount.db"
STORES = ("memory", "sqlite", "postgresql")
PUBLISHERS = ("memory",)

_LAST_PORT = 65_535
_SECRET_PARAMETER = re.compile(r"([?&][^=&]*(?:passw|secret|token|key)[^=&]*=)[^&#]*", re.IGNORECASE)

Lifetime: TypeAlias = Annotated[int, Meta(ge=1, le=315_360_000)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=315_360_000)]


class SettingsError(Exception):
    """A setting that is unknown or has a value it cannot have; the message names it and the remedy."""


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of settings."""


class JwtSettings(Group, frozen=True):
    """Access tokens."""

    key: str | None = None
    algorithm: Literal["HS256", "EdDSA", "ES256", "RS256"] = "HS256"
    issuer: Annotated[str, Meta(min_length=1)] = "hexaccount"
    audience: Annotated[str, Meta(min_length=1)] = "hexaccount"


class PasswordSettings(Group, frozen=True):
    """Password hashing; `queue` is how many may wait for a hash besides those being made, in each worker."""

    cost: Annotated[int, Meta(ge=4, le=15)] = 12
    queue: Annotated[int, Meta(ge=0, le=1000)] = 16


class SessionSettings(Group, frozen=True):
    """Logins, all in seconds.

    An access token lives for `access_lifetime`. A session ends after `idle_lifetime` without a refresh, and after
    `absolute_lifetime` in any case. A spent refresh token gives its successor again for `refresh_grace`.
    """

    access_lifetime: Lifetime = 900
    refresh_grace: Annotated[float, Meta(ge=0, le=3600)] = 10.0
    idle_lifetime: Lifetime = 1_209_600
    absolute_lifetime: Lifetime = 7_776_000


class IdempotencySettings(Group, frozen=True):
    """Requests with an Idempotency-Key; they are remembered for `lifetime` seconds."""

    lifetime: Annotated[int, Meta(ge=60, le=31_536_000)] = 86_400


class ClearingSettings(Group, frozen=True):
    """What has ended; sessions, spent tokens and notes of handled events are kept for `retention` seconds more."""

    retention: Annotated[int, Meta(ge=3600, le=315_360_000)] = 2_592_000


class HttpSettings(Group, frozen=True):
    """The HTTP side; `drain_delay` is in seconds."""

    cors_origins: list[str] = []
    trusted_proxies: list[str] = []
    drain_delay: Seconds = 0.0


class LimitSettings(Group, frozen=True):
    """Limits on guesses and requests; `factor` multiplies what each of them admits."""

    enabled: bool = True
    factor: Annotated[float, Meta(ge=1, le=100_000)] = 1.0


class RelaySettings(Group, frozen=True):
    """The delivery of events; `attempts` failures set one aside."""

    enabled: bool = True
    attempts: Annotated[int, Meta(ge=1, le=1000)] = 10


class LogSettings(Group, frozen=True):
    """What is logged on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(Group, frozen=True):
    """All settings, with the defaults that make `hexaccount http` work with none."""

    store: str = DEFAULT_STORE
    events: list[str] = []
    event_source: Annotated[str, Meta(min_length=1)] = "urn:hexaccount"
    jwt: JwtSettings = JwtSettings()
    password: PasswordSettings = PasswordSettings()
    session: SessionSettings = SessionSettings()
    idempotency: IdempotencySettings = IdempotencySettings()
    http: HttpSettings = HttpSettings()
    roles: dict[str, list[Permission]] = {}
    limits: LimitSettings = LimitSettings()
    relay: RelaySettings = RelaySettings()
    clearing: ClearingSettings = ClearingSettings()
    log: LogSettings = LogSettings()

    @property
    def store_kind(self) -> str:
        """Return the scheme that chooses the store."""
        return urlsplit(self.store).scheme


def load_settings(config: Path | None, environment: Mapping[str, str]) -> Settings:
    """Return the settings of a TOML file, if any, with those of the environment over it; raises SettingsError."""
    if config is None and environment.get(PREFIX + "CONFIG"):
        config = Path(environment[PREFIX + "CONFIG"])
    values = _read_file(config) if config else {}
    for name, text in environment.items():
        if name.startswith(PREFIX) and name != PREFIX + "CONFIG" and not name.startswith(PREFIX + "TEST_"):
            _put(values, name.removeprefix(PREFIX).lower().split("__"), text)
    settings = _convert(values)
    _check(settings)
    return settings


def shown_settings(settings: Settings) -> dict[str, object]:
    """Return every setting by its dotted name, secrets hidden."""
    shown: dict[str, object] = {}
    for name, value in msgspec.to_builtins(settings).items():
        for inner, setting in value.items() if isinstance(value, dict) and name != "roles" else (("", value),):
            shown[f"{name}.{inner}".rstrip(".")] = setting
    shown["store"] = _without_password(settings.store)
    shown["events"] = [_without_password(url) for url in settings.events]
    shown["jwt.key"] = None if settings.jwt.key is None else "********"
    return shown


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
        near = get_close_matches(full, [*known, *shown_settings(Settings())], n=1)
        return f"{full} is no setting; " + (f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}")
    variable = PREFIX + place.partition("[")[0].upper().replace(".", "__")
    if place.startswith("roles"):
        place, reason = "roles", _explain_roles(reason)
    elif allowed := _allowed(place):
        reason = f"must be one of {', '.join(allowed)}"
    elif "`array`" in reason:
        reason = """a list is wanted, in the environment as JSON such as '["one", "two"]'"""
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
    defaults: object = Settings()
    for name in filter(None, place.split(".")):
        defaults = getattr(defaults, name, defaults)
    return [field.name for field in msgspec.structs.fields(defaults)]  # type: ignore[arg-type]  # always a Struct


def _check(settings: Settings) -> None:
    _check_url("store", settings.store, STORES)
    _check_store(settings.store)
    for url in settings.events:
        _check_url("events", url, PUBLISHERS)
    if settings.jwt.key is not None:
        _check_key(settings.jwt.key)
    if settings.jwt.algorithm != "HS256":
        _check_key_pair(settings.jwt)
    _check_lifetimes(settings.session)
    for role in settings.roles:
        _check_role(role)
    for origin in settings.http.cors_origins:
        if origin != "*" and not _is_origin(origin):
            raise SettingsError(f"http.cors_origins: {origin} is no origin; write it as https://app.example.org")
    for network in settings.http.trusted_proxies:
        _check_network(network)


def _check_url(setting: str, url: str, schemes: Sequence[str]) -> None:
    # The message never repeats the URL, which may hold a password.
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        raise SettingsError(f"{setting}: it is not a valid URL") from None
    if scheme not in schemes or not url.startswith(f"{scheme}://"):
        known = ", ".join(f"{scheme}://" for scheme in schemes)
        raise SettingsError(f"{setting}: it must be a URL that begins with one of {known}")


def _check_store(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and (parts.netloc or len(parts.path) < 2):
        raise SettingsError(
            "store: name the file after three slashes, as in sqlite:///accounts.db; four begin at the root"
        )
    if parts.scheme == "postgresql":
        _check_port(url)
    if parts.scheme == "memory" and url != "memory://":
        raise SettingsError("store: memory:// takes nothing after it")
    if parts.scheme == "postgresql" and find_spec("psycopg") is None:
        raise SettingsError("store: postgresql:// needs a driver; install it with: pip install 'hexaccount[postgres]'")


def _check_port(url: str) -> None:
    found = re.search(r":([^:@/?\]]*)(?:[/?]|$)", url.rpartition("@")[2].removeprefix("postgresql://"))
    if found and found[1] and not (found[1].isdecimal() and int(found[1]) <= _LAST_PORT):
        raise SettingsError(f"store: the port must be a number up to {_LAST_PORT}")


def _check_key(key: str) -> None:
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise SettingsError("jwt.key holds bytes that are not UTF-8 text") from None
    if length < 32:
        raise SettingsError(
            "jwt.key is shorter than 32 bytes; make one with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )


def _check_lifetimes(session: SessionSettings) -> None:
    if session.idle_lifetime > session.absolute_lifetime:
        raise SettingsError("session.idle_lifetime is longer than session.absolute_lifetime; shorten it")
    if session.access_lifetime > session.idle_lifetime:
        raise SettingsError("session.access_lifetime is longer than session.idle_lifetime; shorten it")


def _check_role(name: str) -> None:
    try:
        role = Role(name)
    except InvalidValue as error:
        raise SettingsError(f'roles: "{name}" is no role; a role {error.reason}') from None
    if role in {Role.USER, Role.ADMIN}:
        raise SettingsError(f"roles: {name} is there already, and cannot be changed; choose another name")


def _check_key_pair(jwt: JwtSettings) -> None:
    if jwt.key is None:
        raise SettingsError(
            f"jwt.algorithm is {jwt.algorithm}, which needs a private key in PEM as jwt.key; or leave both unset, and "
            f"run `hexaccount keys add --algorithm {jwt.algorithm}`"
        )
    from hexaccount_security import seed_key  # noqa: PLC0415 - it is seldom needed, and imports much

    try:
        seed_key(jwt.key.encode(), jwt.algorithm)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and text == f"{parts.scheme}://{parts.netloc}"


def _check_network(text: str) -> None:
    from ipaddress import ip_network  # noqa: PLC0415 - most deployments of one process never need it

    try:
        ip_network(text)
    except ValueError:
        raise SettingsError(
            f"http.trusted_proxies: {text} is no network; write it as 10.0.0.0/8 or 192.0.2.7"
        ) from None


def _without_password(url: str) -> str:
    """Hide what stands for a password in a URL: behind the user's name, and in parameters that are named so."""
    # Up to the last @, as whoever connects reads it: a password may hold all that ends a host elsewhere.
    url = re.sub(r"^([^:]+://[^:@/?#]*):.*@", r"\1:********@", url, flags=re.DOTALL)
    return _SECRET_PARAMETER.sub(r"\1********", url)
