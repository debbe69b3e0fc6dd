"""The settings and their defaults; `settings_loading` reads them, `settings_checks` validates them."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

PREFIX = "HEXACCOUNT_"
DATA_DIRECTORY = Path("hexaccount-data")
DEFAULT_ISSUER = "hexaccount"
DEFAULT_STORE = f"sqlite:///{DATA_DIRECTORY}/hexaccount.db"

Lifetime: TypeAlias = Annotated[int, Meta(ge=1, le=315_360_000)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=315_360_000)]


class SettingsError(Exception):
    """A setting is unknown or has an invalid value; the message names the setting and the remedy."""


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of settings."""


class JwtSettings(Group, frozen=True):
    """Access tokens.

    `issuer` is their `iss`, unless `public_url` is set. Tokens of `accepted_issuers` are accepted too, under the same
    keys. `claims` are written besides those that every token has.
    """

    key: str | None = None
    algorithm: Literal["HS256", "EdDSA", "ES256", "RS256"] = "HS256"
    issuer: Annotated[str, Meta(min_length=1)] = DEFAULT_ISSUER
    accepted_issuers: list[Annotated[str, Meta(min_length=1)]] = []
    audience: Annotated[str, Meta(min_length=1)] = "hexaccount"
    claims: list[Literal["roles", "scope"]] = []


class PersonalDataSettings(Group, frozen=True):
    """Encryption of what is personal in events: another store for the keys, and the former `jwt.key`."""

    keys: str | None = None
    previous_key: str | None = None


class PasswordSettings(Group, frozen=True):
    """New passwords and hashing.

    `minimum_strength` is a score of zxcvbn: 1 to 4 take 10^3, 10^6, 10^8 and 10^10 guesses. `cost` is that of bcrypt,
    `engine` what computes it, `queue` how many requests may wait for a hash in each worker.
    """

    minimum_length: Annotated[int, Meta(ge=8, le=64)] = 8
    minimum_strength: Annotated[int, Meta(ge=1, le=4)] = 3

    hasher: str = "bcrypt"
    cost: Annotated[int, Meta(ge=4, le=15)] = 12
    engine: Literal["auto", "interleaved", "crypt", "bcrypt"] = "auto"
    queue: Annotated[int, Meta(ge=0, le=1000)] = 16


class SessionSettings(Group, frozen=True):
    """Lifetimes in seconds, and how many sessions an account may have.

    A session ends after `idle_lifetime` without a refresh, and after `absolute_lifetime` in any case. During
    `refresh_grace` a spent refresh token returns the same successor again; it exceeds the time after which a request is
    answered with 503, so that its client may repeat it. A login beyond `maximum` live sessions of its account ends the
    least recently used.
    """

    access_lifetime: Lifetime = 900
    refresh_grace: Annotated[float, Meta(ge=0, le=3600)] = 60.0
    idle_lifetime: Lifetime = 1_209_600
    absolute_lifetime: Lifetime = 7_776_000
    maximum: Annotated[int, Meta(ge=1, le=1000)] = 100


class IdempotencySettings(Group, frozen=True):
    """How many seconds the answer to an Idempotency-Key is stored."""

    lifetime: Annotated[int, Meta(ge=60, le=31_536_000)] = 86_400


class ClearingSettings(Group, frozen=True):
    """Seconds until something is removed.

    `retention` concerns ended sessions, spent tokens and records of handled events, `events` the journal's events about
    sessions.
    """

    retention: Annotated[int, Meta(ge=3600, le=315_360_000)] = 2_592_000
    events: Annotated[int, Meta(ge=86_400, le=3_153_600_000)] = 34_560_000


class HttpSettings(Group, frozen=True):
    """HTTP; `drain_delay` is in seconds."""

    cors_origins: list[str] = []
    cors_headers: list[str] = []
    trusted_proxies: list[str] = []
    drain_delay: Seconds = 0.0


class LimitSettings(Group, frozen=True):
    """Rate limits; `factor` multiplies each of them.

    `scope` says who counts together: all processes of the store, or those of this host only.
    """

    enabled: bool = True
    scope: Literal["store", "host"] = "store"
    factor: Annotated[float, Meta(ge=1, le=100_000)] = 1.0


class RelaySettings(Group, frozen=True):
    """Event delivery: failures before a delivery becomes a dead letter, and the lease of a claim in seconds."""

    enabled: bool = True
    attempts: Annotated[int, Meta(ge=1, le=1000)] = 10
    lease: Annotated[float, Meta(ge=1, le=3600)] = 30.0


class KafkaSettings(Group, frozen=True):
    """TLS and SASL; `ssl_ca`, `ssl_certificate` and `ssl_key` are paths of PEM files."""

    security_protocol: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: str | None = None
    ssl_ca: str | None = None
    ssl_certificate: str | None = None
    ssl_key: str | None = None
    ssl_key_password: str | None = None

    def __repr__(self) -> str:
        return f"KafkaSettings(security_protocol={self.security_protocol!r}, …)"


class WebhookSettings(Group, frozen=True):
    """A receiver of events over HTTP.

    With two secrets each request carries both signatures. After `attempts` failures a delivery becomes a dead letter.
    """

    name: str
    url: str
    secret: str | list[str]
    events: tuple[str, ...] = ("*",)
    allow_private: bool = False
    attempts: Annotated[int, Meta(ge=1, le=1000)] = 25

    @property
    def secrets(self) -> list[str]:
        """Return `secret` as a list."""
        return [self.secret] if isinstance(self.secret, str) else self.secret

    def __repr__(self) -> str:
        return f"WebhookSettings(name={self.name!r}, …)"


class MailSettings(Group, frozen=True):
    """Mail; lifetimes are those of the tokens in messages, in seconds.

    `link_base` is the URL of the pages to which links lead, such as `https://example.org/account`. `templates` is a
    folder of words that replace those of the package, `locale` the language of the messages (BCP 47).
    """

    url: str | None = None
    sender: str | None = None
    link_base: str | None = None
    templates: str | None = None
    locale: Annotated[str, Meta(min_length=1)] = "en"
    recovery_lifetime: Lifetime = 3600
    verification_lifetime: Lifetime = 604_800

    def __repr__(self) -> str:
        return f"MailSettings(sender={self.sender!r}, …)"


class MetricsSettings(Group, frozen=True):
    """Metrics for Prometheus."""

    enabled: bool = True


class LogSettings(Group, frozen=True):
    """The log on standard error; `auto` means `text` on a terminal and `json` (ECS) elsewhere."""

    format: Literal["auto", "text", "json"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class TracingSettings(Group, frozen=True):
    """Traces, sent by OTLP over HTTP to `endpoint`; `ratio` of those that begin in this service are sampled."""

    endpoint: str | None = None
    ratio: Annotated[float, Meta(ge=0, le=1)] = 1.0


class Settings(Group, frozen=True):
    """All settings; `hexaccount http` works with the defaults.

    `public_url` is where clients reach the service: `https://`, a host, and the path before its routes, if any.
    """

    store: str = DEFAULT_STORE
    public_url: str | None = None
    cache: str | None = None
    events: list[str] = []
    webhooks: list[WebhookSettings] = []
    event_source: Annotated[str, Meta(min_length=1)] = "urn:hexaccount"
    jwt: JwtSettings = JwtSettings()
    personal_data: PersonalDataSettings = PersonalDataSettings()
    password: PasswordSettings = PasswordSettings()
    session: SessionSettings = SessionSettings()
    idempotency: IdempotencySettings = IdempotencySettings()
    http: HttpSettings = HttpSettings()
    roles: dict[str, list[str]] = {}
    limits: LimitSettings = LimitSettings()
    relay: RelaySettings = RelaySettings()
    kafka: KafkaSettings = KafkaSettings()
    clearing: ClearingSettings = ClearingSettings()
    mail: MailSettings = MailSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()
    tracing: TracingSettings = TracingSettings()

    @property
    def store_kind(self) -> str:
        """Return the scheme of the store's URL; libpq knows PostgreSQL by two."""
        scheme = self.store.partition("://")[0]
        return "postgresql" if scheme == "postgres" else scheme

    @property
    def issuer(self) -> str:
        """Return the `iss` of new tokens."""
        return self.public_url or self.jwt.issuer

    def seconds(self, name: str) -> float:
        """Return the duration that a setting such as `clearing.retention` gives; raises TypeError for another."""
        value: Any = self
        for part in name.split("."):
            value = getattr(value, part, None)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{name} is declared as a period, but no setting of this name is a number of seconds")
        return value

    @property
    def cache_kind(self) -> str:
        """Return the kind of cache: `redis` or `none`."""
        return "none" if self.cache is None else "redis"

    @property
    def counters(self) -> str:
        """Return what counts attempts: `host`, `redis` or `store`, which on SQLite counts as `host` does."""
        if self.limits.scope == "host":
            return "host"
        return "store" if self.cache is None else "redis"
