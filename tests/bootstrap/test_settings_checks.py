import sys

import pytest

import hexaccount_security
from hexaccount.bootstrap import drivers
from hexaccount.bootstrap.realtime import serve_realtime
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.kernel.metrics import NoMetrics
from hexaccount_click.program import ConfigurationError
from hexaccount_redis import RedisClient
from hexaccount_security import choose_engine


@pytest.mark.parametrize(
    ("variable", "text", "remedy"),
    [
        ("STORE", "postgresql://db/accounts?pooler=session", r"store: pooler must be transaction, or be left out"),
        ("STORE", "postgresql://db/accounts?sslmode=require&foo=bar", r"^store: PostgreSQL's driver has no option foo"),
        ("STORE", "postgresql://u:p?w@db/accounts?foo=bar", r"^store: PostgreSQL's driver has no option foo"),
        ("STORE", "postgresql:///accounts?host=one&port=x", r"^store: the port must be a number up to 65535"),
        ("STORE", "postgresql://me:pass@word@db/accounts", r"^store: an @ stands before the host .* an @ as %40"),
        ("STORE", "postgresql://db:5432/accounts?password=pass@word", r"^store: an @ stands before the host"),
        ("STORE", "mysql://db", r"store: .* one of memory://, sqlite://, postgresql://, mongodb://"),
        ("STORE", "", r"store: .* one of memory://"),
        ("STORE", "/var/lib/accounts.db", r"store: .* one of memory://"),
        ("EVENTS", '["smtp://mail"]', r"events: .* one of memory://"),
        ("EVENTS", '["memory://one?token=1"]', r"^events: memory:// takes no parameters"),
        ("EVENTS", '["memory://one", "memory://user:secret@one"]', r"^events: two of the URLs name one receiver"),
        (
            "EVENTS",
            '["redis://"]',
            r"^events: write a Redis stream as redis://:password@host:6379/0/hexaccount\.events",
        ),
        ("EVENTS", '["redis://host:65536"]', r"^events: write a Redis stream as"),
        ("EVENTS", '["redis://host/0?stream=events"]', r"^events: write a Redis stream as"),
        ("EVENTS", '["redis://:pass/word@host"]', r"^events: write a Redis stream as .* percent-encode"),
        ("EVENTS", '["redis://host?length=0"]', r"^events: correct length: a stream has from 1 to 1000000000"),
        ("EVENTS", '["redis://host", "redis://:word@host:6379/0?length=9"]', r"^events: two of the URLs name one rec"),
        ("CACHE", "memcached://host", r"^cache: write it as redis://host:6379/0 .* or as rediss:// for TLS"),
        ("CACHE", "", r"^cache: write it as redis://host:6379/0"),
        ("CACHE", "redis://", r"^cache: write it as redis://host:6379/0 or redis://:password@host/0"),
        ("CACHE", "redis://host:redis", r"^cache: write it as"),
        ("CACHE", "redis://host:65536", r"^cache: write it as"),
        ("CACHE", "redis://host/accounts", r"^cache: write it as"),
        ("CACHE", "redis://host?socket_timeout=9", r"^cache: write it as"),
        ("CACHE", "redis://:pass/word@host", r"^cache: write it as .* percent encoding"),
        ("JWT__KEY", "short", r"^jwt\.key cannot be used: it has 5 bytes, .* make a random one with: python -c"),
        ("HTTP__CORS_ORIGINS", '["app.example.org"]', r"http\.cors_origins: app\.example\.org .* https://"),
        ("HTTP__CORS_ORIGINS", '["null"]', r"http\.cors_origins: null is not an origin"),
        ("HTTP__CORS_HEADERS", '["X Version"]', r"http\.cors_headers: X Version is not the name of a header; write"),
        ("HTTP__CORS_HEADERS", '["X-A, X-B"]', r"http\.cors_headers: X-A, X-B is not the name of a header"),
        (
            "HTTP__TRUSTED_PROXIES",
            '["proxy"]',
            r"http\.trusted_proxies: proxy is not a network; write it as 10\.0\.0\.0/8",
        ),
        ("HTTP__TRUSTED_PROXIES", '["10.0.0.1/8"]', r"http\.trusted_proxies: .* is not a network"),
        (
            "SESSION__IDLE_LIFETIME",
            "7776001",
            r"session\.idle_lifetime is longer than session\.absolute_lifetime; short",
        ),
        ("SESSION__ABSOLUTE_LIFETIME", "1209599", r"session\.idle_lifetime is longer than session\.absolute_lifetime"),
        (
            "SESSION__ACCESS_LIFETIME",
            "1209601",
            r"session\.access_lifetime is longer than session\.idle_lifetime; short",
        ),
        ("EVENT_SOURCE", "a b", r"^event_source: it must be a URI .* such as urn:example:accounts"),
        ("EVENT_SOURCE", "urn:50%", r"^event_source: it must be a URI"),
        (
            "ROLES",
            '{"Support": []}',
            r'^roles: "Support" is not a valid name; a role must be a name of up to 32 small letters',
        ),
        ("ROLES", '{"": []}', r'^roles: "" is not a valid name; a role must be a name'),
        ("ROLES", '{"admin": []}', r"^roles: admin is built in and cannot be changed; choose another name"),
        ("ROLES", '{"user": ["users.read"]}', r"^roles: user is built in"),
    ],
)
def test_the_error_for_a_value_that_cannot_work_names_the_setting_and_the_remedy(
    variable: str, text: str, remedy: str
) -> None:
    with pytest.raises(SettingsError, match=remedy):
        load_settings(None, {f"HEXACCOUNT_{variable}": text})


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("STORE", "postgresql://user:secret@[::1/accounts"),
        ("STORE", "postgresql://user:secret@ho\u2100st/accounts"),
        ("STORE", "postgresql://user:se@secret@db/accounts"),
        ("STORE", "postgresql://user:secret/a@secret@db/accounts"),
        ("STORE", "postgresql://db/accounts?user=u&password=secret@secret"),
        ("STORE", "postgresql://db:5432/accounts?password=secret@secret"),
        ("STORE", "postgresql://user:secret#secret@db@secret/accounts"),
        ("STORE", "postgresql://user:secret"),
        ("STORE", "mongodb://user:se@secret@db/accounts"),
        ("STORE", "mongodb://user:se#secret@se:secret@db/accounts"),
        ("STORE", "mongodb://user:se?secret@db/accounts"),
        ("STORE", "mongodb://user:se?secret=1@db/accounts"),
        ("STORE", "mongodb://user:secret/@db/accounts"),
        ("STORE", "mongodb://user:secret@db:secret/accounts"),
        ("EVENTS", '["memory://["]'),
        ("EVENTS", '["redis://:secret@host/0/a/b"]'),
        ("EVENTS", '["redis://:se/secret@host"]'),
        ("EVENTS", '["redis://:se@secret@host"]'),
        ("EVENTS", '["redis://:se#secret@host"]'),
        ("EVENTS", '["redis://:se?secret@host"]'),
        ("EVENTS", '["kafka://user:secret@host/topic"]'),
        ("EVENTS", '["kafka://user:se/secret@host/topic"]'),
        ("CACHE", "redis://:se@secret@host/0"),
        ("CACHE", "redis://:se#secret@host/0"),
        ("CACHE", "redis://:se?secret@host/0"),
        ("TRACING__ENDPOINT", "http://user:se@secret@host"),
        ("TRACING__ENDPOINT", "http://user:se#secret@host"),
        ("CACHE", "redis://:secret@[::1/0"),
        ("CACHE", "redis://:secret@host/accounts"),
        ("HTTP__CORS_ORIGINS", '["https://["]'),
        ("HTTP__CORS_ORIGINS", '["https://user:secret@app.example.org"]'),
        ("HTTP__CORS_ORIGINS", '["https://user:se@secret@a b.example"]'),
    ],
)
def test_a_malformed_url_is_rejected_without_its_password(variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(None, {f"HEXACCOUNT_{variable}": text})
    assert "secret" not in str(error.value)


def test_a_key_that_is_not_text_is_rejected() -> None:
    with pytest.raises(SettingsError, match=r"jwt\.key"):
        load_settings(None, {"HEXACCOUNT_JWT__KEY": "\udcff" * 40})


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("sqlite://accounts.db", "three slashes"),
        ("sqlite://data/accounts.db", "three slashes"),
        ("sqlite:///", "three slashes"),
        ("sqlite:///:memory:", "write memory:// for a store in memory"),
        ("sqlite:///file::memory:?uri=true", "leave out the parameters"),
        ("sqlite:///accounts.db?mode=ro", r"leave out the parameters, from the \? on; SQLite is used without any"),
        ("sqlite:///accounts.db?", "leave out the parameters"),
        ("memory://named", "nothing after it"),
        ("mongodb://localhost:27017", "name the database after the host, as in mongodb://localhost:27017/hexaccount"),
        ("mongodb://localhost/?replicaSet=rs0", "name the database after the host"),
        ("mongodb://localhost/admin?replicaSet=rs0", "the database admin is the server's own; name another"),
        ("mongodb://localhost/local", "the database local is the server's own"),
        ("mongodb://localhost/accounts?compressors=snappy", "correct compressors: .* lacks a package for it"),
        ("mongodb://localhost/b2.prod", r"name a database without \. and \\ and of 63 bytes at most"),
        (f"mongodb://localhost/{'é' * 32}", r"name a database without \. and \\ and of 63 bytes at most"),
        ("mongodb://localhost/b2%5Cprod", r"name a database without \. and \\ and of 63 bytes at most"),
        ("mongodb://localhost:port/accounts", "not a URL that MongoDB's driver understands; write it as in mongodb://"),
        ("mongodb://localhost/accounts?unknown=1", "correct unknown: MongoDB's driver has no such option"),
        ("mongodb://localhost/accounts?w=1&timeoutMS=soon", "correct timeoutMS: MongoDB's driver has no such option"),
        ("mongodb://localhost/accounts?tlsCAFile=/nowhere", "correct tlsCAFile: MongoDB's driver has no such option"),
    ],
)
def test_the_error_for_a_nearly_valid_store_url_names_the_remedy(url: str, remedy: str) -> None:
    with pytest.raises(SettingsError, match=remedy):
        load_settings(None, {"HEXACCOUNT_STORE": url})


def test_the_error_for_a_missing_driver_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install .*\[postgres\]'"):
        load_settings(None, {"HEXACCOUNT_STORE": "postgresql://localhost/accounts"})
    with pytest.raises(SettingsError, match=r"^cache: .*pip install .*\[redis\]'"):
        load_settings(None, {"HEXACCOUNT_CACHE": "redis://localhost"})
    with pytest.raises(SettingsError, match=r"^events: .*pip install .*\[redis\]'"):
        load_settings(None, {"HEXACCOUNT_EVENTS": '["redis://localhost"]'})
    with pytest.raises(SettingsError, match=r"pip install .*\[mongo\]'"):
        load_settings(None, {"HEXACCOUNT_STORE": "mongodb://localhost/accounts"})
    with pytest.raises(ConfigurationError, match=r"^hexaccount realtime needs .*pip install .*\[realtime\]'"):
        serve_realtime(Settings(), host="127.0.0.1", port=0, workers=1, echo=print)


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ("readPreference=secondary", "leave out readPreference: the service decides that by itself"),
        ("readPreferenceTags=dc:ny", "leave out readPreferenceTags"),
        ("readpreference=secondaryPreferred&maxStalenessSeconds=120", "leave out "),
        ("w=1", "leave out w: the service decides that by itself"),
        ("journal=false", "leave out journal"),
        ("fsync=true", "leave out fsync"),
        ("wTimeoutMS=50", "leave out wTimeoutMS"),
        ("readConcernLevel=local", "leave out readConcernLevel"),
        ("socketTimeoutMS=50", "leave out socketTimeoutMS"),
        ("waitQueueTimeoutMS=50", "leave out waitQueueTimeoutMS"),
        ("uuidRepresentation=javaLegacy", "leave out uuidRepresentation"),
        ("tz_aware=false", "leave out tz_aware"),
        ("unicode_decode_error_handler=ignore", "leave out unicode_decode_error_handler"),
        ("connect=true", "leave out connect"),
        ("datetime_conversion=datetime_ms", "correct datetime_conversion: MongoDB's driver has no such option, lacks"),
        ("replicaSet=rs0&replicaSet=rs1", "it is not a URL that MongoDB's driver understands; .* each option once"),
        ("loadBalanced=true&replicaSet=rs0", "it is not a URL that MongoDB's driver understands"),
        ("minPoolSize=50", "MongoDB's driver refuses these options together: minPoolSize must be smaller"),
    ],
)
def test_an_option_of_mongodb_that_would_have_no_effect_is_refused(options: str, remedy: str) -> None:
    with pytest.raises(SettingsError, match=f"^store: {remedy}"):
        load_settings(None, {"HEXACCOUNT_STORE": f"mongodb://user:secret@localhost/accounts?{options}"})


@pytest.mark.parametrize(
    "options",
    [
        "retryWrites=true&w=majority",
        "readPreference=primary&journal=true&readConcernLevel=majority&uuidRepresentation=standard",
        "authSource=admin&replicaSet=rs0&tls=true&maxPoolSize=4&minPoolSize=2&timeoutMS=2000&compressors=zlib",
    ],
)
def test_options_of_mongodb_that_have_an_effect_or_change_nothing_are_accepted(options: str) -> None:
    url = f"mongodb://one:27017,other:27017/accounts?{options}"
    assert load_settings(None, {"HEXACCOUNT_STORE": url}).store == url


@pytest.mark.parametrize(
    "place",
    [
        "localhost",
        "localhost/",
        "localhost:6379/0",
        "10.0.0.7:65535",
        "[::1]:6379/15",
        ":p%40ss%2F@cache.internal/3",
        "u:p@h",
    ],
)
def test_a_cache_url_that_the_driver_accepts_is_accepted(place: str) -> None:
    for scheme in ("redis", "rediss"):
        url = f"{scheme}://{place}"
        assert load_settings(None, {"HEXACCOUNT_CACHE": url}).cache == url
        RedisClient(url, NoMetrics()).close()


def test_an_engine_that_is_not_installed_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hexaccount_security._interleaved_bcrypt", None)
    monkeypatch.delattr(hexaccount_security, "_interleaved_bcrypt", raising=False)
    choose_engine.cache_clear()
    message = r"^password\.engine: interleaved cannot be used: .* install a C compiler, .*; or set it to auto$"
    with pytest.raises(SettingsError, match=message):
        load_settings(None, {"HEXACCOUNT_PASSWORD__ENGINE": "interleaved"})
