"""Rules that the types of the settings cannot express. No message repeats a URL, which may contain a password."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from msgspec.structs import replace

from hexaccount.accounts.role import Role
from hexaccount.bootstrap.capabilities import all_permissions
from hexaccount.bootstrap.drivers import check_driver
from hexaccount.bootstrap.hashers import bcrypt_engine, hasher_plugin
from hexaccount.bootstrap.kafka_checks import check_kafka
from hexaccount.bootstrap.key_file import previous_root_key, root_key_of
from hexaccount.bootstrap.mail_checks import check_mail
from hexaccount.bootstrap.origin_checks import check_origin
from hexaccount.bootstrap.public_url import check_public_url
from hexaccount.bootstrap.publishers import publisher_kind, subscriber_name
from hexaccount.bootstrap.settings import HttpSettings, PersonalDataSettings, SessionSettings, Settings, SettingsError
from hexaccount.bootstrap.settings_errors import valid_permissions
from hexaccount.bootstrap.settings_texts import check_texts
from hexaccount.bootstrap.store_urls import LAST_PORT
from hexaccount.bootstrap.stores import kind_of, unknown_store
from hexaccount.bootstrap.tracing_checks import check_tracing
from hexaccount.bootstrap.webhook_checks import check_webhooks
from hexaccount.kernel.errors import InvalidValue

# By its characters only (RFC 3986, 2), which is what libraries for CloudEvents check.
_URI_REFERENCE = re.compile(r"(?:[\w.~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", re.ASCII)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.1
_CACHE = re.compile(r"rediss?://(?:[^@/?#\[\]]*@)?(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{1,5}))?(?:/\d{0,4})?")


def check_settings(settings: Settings) -> None:
    """Raise SettingsError unless the service can run with the settings."""
    check_texts(settings)
    _check_store(settings)
    if settings.public_url is not None:
        check_public_url(settings)
    if settings.cache is not None:
        _check_cache(settings.cache)
    _check_events(settings.events)
    if not _URI_REFERENCE.fullmatch(settings.event_source):
        raise SettingsError("event_source: it must be a URI (RFC 3986), such as urn:example:accounts")
    check_kafka(settings.kafka)
    check_mail(settings)
    check_tracing(settings.tracing)
    if settings.webhooks:
        check_webhooks(settings.webhooks)
    _check_keys(settings)
    _check_lifetimes(settings.session)
    for role, permissions in settings.roles.items():
        _check_role(role, permissions)
    hasher_plugin(settings.password.hasher)
    if settings.password.engine != "auto":
        bcrypt_engine(settings)
    _check_http(settings.http)
    if settings.limits.scope == "host" and kind_of(settings).one_process:
        raise SettingsError(f"limits.scope: {settings.store_kind}:// is one process, which counts alone; leave it out")


def _check_http(http: HttpSettings) -> None:
    for origin in http.cors_origins:
        if origin != "*":
            check_origin("http.cors_origins", origin)
    for name in http.cors_headers:
        if not _HEADER_NAME.fullmatch(name):
            raise SettingsError(f"http.cors_headers: {name} is not the name of a header; write it as X-Client-Version")
    for network in http.trusted_proxies:
        _check_network(network)


def _check_store(settings: Settings) -> None:
    if not _begins_with_scheme("store", settings.store):
        raise SettingsError(unknown_store())
    with _errors_of("store"):
        kind_of(settings).check_url(settings.store)
    if settings.personal_data.keys is not None:
        if settings.personal_data.keys.startswith("memory:"):
            raise SettingsError("personal_data.keys: name a store that outlives the process, as memory:// does not")
        try:
            _check_store(replace(settings, store=settings.personal_data.keys, personal_data=PersonalDataSettings()))
        except SettingsError as error:
            raise SettingsError(str(error).replace("store:", "personal_data.keys:", 1)) from None


@contextmanager
def _errors_of(setting: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise SettingsError(f"{setting}: {error}") from None


def _begins_with_scheme(setting: str, url: str) -> bool:
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        raise SettingsError(f"{setting}: it is not a valid URL") from None
    return url.startswith(f"{scheme}://")


def _check_events(urls: Sequence[str]) -> None:
    names = set()
    for url in urls:
        _begins_with_scheme("events", url)
        with _errors_of("events"):
            publisher_kind(url).check_url(url)
        names.add(subscriber_name(url))
    if len(names) < len(urls):
        raise SettingsError("events: two of the URLs name one receiver; remove one of them")


def _check_cache(url: str) -> None:
    found = _CACHE.fullmatch(url)
    if found is None or int(found["port"] or 0) > LAST_PORT:
        raise SettingsError(
            "cache: write it as redis://host:6379/0 or redis://:password@host/0, or as rediss:// for TLS; 0 is the "
            "number of a database, and a password needs percent encoding for all but letters and digits"
        )
    with _errors_of("cache"):
        check_driver("redis://", "redis", extra="redis")


def _check_keys(settings: Settings) -> None:
    if settings.jwt.key is not None:
        root_key_of(settings)
    elif settings.jwt.algorithm != "HS256":
        raise SettingsError(
            f"jwt.algorithm is {settings.jwt.algorithm}: set a private key in PEM as jwt.key; or leave both unset and "
            f"run `hexaccount keys add --algorithm {settings.jwt.algorithm}`"
        )
    if settings.personal_data.previous_key is not None:
        with _errors_of("personal_data.previous_key"):
            previous_root_key(settings.personal_data.previous_key)


def _check_lifetimes(session: SessionSettings) -> None:
    if session.idle_lifetime > session.absolute_lifetime:
        raise SettingsError("session.idle_lifetime is longer than session.absolute_lifetime; shorten it")
    if session.access_lifetime > session.idle_lifetime:
        raise SettingsError("session.access_lifetime is longer than session.idle_lifetime; shorten it")


def _check_role(name: str, permissions: Sequence[str]) -> None:
    try:
        role = Role(name)
    except InvalidValue as error:
        raise SettingsError(f'roles: "{name}" is not a valid name; a role {error.reason}') from None
    if role in {Role.USER, Role.ADMIN}:
        raise SettingsError(f"roles: {name} is built in and cannot be changed; choose another name")
    if unknown := [permission for permission in permissions if permission not in all_permissions()]:
        fault = f"'{unknown[0]}' is not a permission; {valid_permissions()}"
        raise SettingsError(f"roles: {fault}; set it in the file or as HEXACCOUNT_ROLES")


def _check_network(text: str) -> None:
    from ipaddress import ip_network

    try:
        ip_network(text)
    except ValueError:
        raise SettingsError(
            f"http.trusted_proxies: {text} is not a network; write it as 10.0.0.0/8 or 192.0.2.7"
        ) from None
