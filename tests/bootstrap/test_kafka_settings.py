from pathlib import Path

import pytest

from hexaccount.bootstrap import drivers
from hexaccount.bootstrap.publishers import open_publishers, preload_for_events, subscriber_name
from hexaccount.bootstrap.settings import KafkaSettings, Settings, SettingsError
from hexaccount.bootstrap.settings_display import shown_settings
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount_kafka import KafkaPublisher, KafkaTopic
from hexaccount_system import SystemClock
from tests.adapters.security.key_pairs import pem
from tests.servers.authority import Authority

SECRET = "a confidential password"
TLS = {"SECURITY_PROTOCOL": "ssl"}
SASL = {"SECURITY_PROTOCOL": "sasl_ssl", "SASL_USERNAME": "hexaccount", "SASL_PASSWORD": SECRET}


def load(**kafka: str) -> Settings:
    return load_settings(None, {f"HEXACCOUNT_KAFKA__{name}": value for name, value in kafka.items()})


@pytest.mark.parametrize(
    ("url", "brokers", "topic"),
    [
        ("kafka://localhost/events", "localhost", "events"),
        ("kafka://one:9092,other:65535/hexaccount.events_v-1", "one:9092,other:65535", "hexaccount.events_v-1"),
        ("kafka://10.0.0.7:9092,[::1]:9092/a", "10.0.0.7:9092,[::1]:9092", "a"),
    ],
)
def test_the_url_contains_brokers_and_topic(url: str, brokers: str, topic: str) -> None:
    settings = load_settings(None, {"HEXACCOUNT_EVENTS": f'["{url}"]'})
    assert subscriber_name(url) == url
    assert KafkaTopic.of(url) == KafkaTopic(brokers, topic)
    (subscriber,) = open_publishers(settings, SystemClock())
    publisher = subscriber.publisher
    assert isinstance(publisher, KafkaPublisher)
    publisher.close()
    assert preload_for_events(settings) == ("hexaccount_kafka",)


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("kafka://localhost:9092", r"write it as kafka://host:9092/topic, several brokers as"),
        ("kafka://localhost:9092/", "write it as kafka://host:9092/topic"),
        ("kafka:///events", "write it as"),
        ("kafka://one,,other/events", "write it as"),
        ("kafka://host/events/more", "write it as"),
        ("kafka://host/events?acks=1", "write it as"),
        ("kafka://host/ev ents", "write it as"),
        ("kafka://host/..", "write it as"),
        ("kafka://host/" + "e" * 250, "249 at most"),
        ("kafka://host:port/events", "write it as"),
        ("kafka://host:65536/events", "up to 65535"),
        ("kafka://one:65536,other/events", "up to 65535"),
        ("kafka://user:secret@host/events", r"leave user and password out of kafka://; they are kafka\.sasl_username"),
    ],
)
def test_the_error_for_an_invalid_url_shows_how_to_write_it_without_the_url(url: str, remedy: str) -> None:
    with pytest.raises(SettingsError, match=f"^events: .*{remedy}") as error:
        load_settings(None, {"HEXACCOUNT_EVENTS": f'["{url}"]'})
    assert "secret" not in str(error.value)


def test_the_error_for_a_missing_driver_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"^events: kafka:// needs a driver; .*pip install .*\[kafka\]'"):
        load_settings(None, {"HEXACCOUNT_EVENTS": '["kafka://localhost/events"]'})


def test_passwords_are_neither_shown_nor_printed(tmp_path: Path) -> None:
    settings = Settings(
        kafka=KafkaSettings(**{name.lower(): text for name, text in SASL.items()}, ssl_key_password=SECRET)
    )
    shown = shown_settings(settings)
    assert (shown["kafka.sasl_password"], shown["kafka.ssl_key_password"]) == ("********", "********")
    assert shown["kafka.sasl_username"] == "hexaccount"
    assert shown_settings(Settings())["kafka.sasl_password"] is None
    for text in (repr(shown), repr(settings), repr(open_publishers(settings, SystemClock()))):
        assert SECRET not in text


@pytest.mark.parametrize(
    ("kafka", "remedy"),
    [
        ({"SECURITY_PROTOCOL": "tls"}, r"kafka\.security_protocol: must be one of plaintext, ssl, sasl_plaintext,"),
        ({"SASL_MECHANISM": "GSSAPI"}, r"kafka\.sasl_mechanism: must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
        ({"SASL_USERNAME": "u"}, r"^kafka\.sasl_username: .*security_protocol to sasl_ssl; .* plaintext$"),
        ({**TLS, "SASL_PASSWORD": SECRET}, r"^kafka\.sasl_password: .*security_protocol to sasl_ssl; .* with ssl$"),
        ({"SECURITY_PROTOCOL": "sasl_ssl"}, r"^kafka\.sasl_username: set it, as kafka\.security_protocol is sasl_ssl$"),
        ({**SASL, "SASL_PASSWORD": ""}, r"^kafka\.sasl_password: set it, "),
        ({"SSL_CA": "/ca.pem"}, r"^kafka\.ssl_ca: remove it, or set kafka\.security_protocol to ssl or sasl_ssl; "),
        ({**TLS, "SSL_CA": "/there/is/none"}, r"^kafka\.ssl_ca: the PEM file /there/is/none cannot be read: No such"),
        ({**TLS, "SSL_CA": ""}, r"^kafka\.ssl_ca: name a PEM file, or leave it out$"),
        ({**TLS, "SSL_KEY": "/key.pem"}, r"^kafka\.ssl_key: remove it, or set kafka\.ssl_certificate too; "),
        ({**TLS, "SSL_CERTIFICATE": "/c.pem"}, r"^kafka\.ssl_key: set it, as kafka\.ssl_certificate is set$"),
    ],
)  # fmt: skip
def test_the_error_for_conflicting_settings_names_the_setting_and_the_remedy(
    kafka: dict[str, str], remedy: str
) -> None:
    with pytest.raises(SettingsError, match=remedy) as error:
        load(**kafka)
    assert SECRET not in str(error.value)


def test_a_file_without_a_certificate_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(pem("ES256"))
    with pytest.raises(SettingsError, match=r"^kafka\.ssl_ca: .*ca\.pem holds no certificate; name a PEM file"):
        load(**TLS, SSL_CA=f"{tmp_path}/ca.pem")


def test_a_wrong_key_or_password_is_rejected_without_the_password(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.pair("hexaccount")
    both = {**TLS, "SSL_CERTIFICATE": certificate}
    assert load(**both, SSL_KEY=key, SSL_CA=str(authority.file)).kafka.ssl_key == key
    (tmp_path / "closed.pem").write_bytes(pem("ES256", SECRET.encode()))
    (tmp_path / "other.pem").write_bytes(pem("ES256"))
    for further in (
        {"SSL_KEY": f"{tmp_path}/closed.pem"},
        {"SSL_KEY": f"{tmp_path}/closed.pem", "SSL_KEY_PASSWORD": "another secret of theirs"},
        {"SSL_KEY": f"{tmp_path}/closed.pem", "SSL_KEY_PASSWORD": SECRET},
        {"SSL_KEY": f"{tmp_path}/other.pem"},
    ):
        with pytest.raises(
            SettingsError, match=r"^kafka\.ssl_key: it does not belong to kafka\.ssl_certificate"
        ) as error:
            load(**both, **further)
        assert "secret" not in str(error.value)
        assert SECRET not in str(error.value)
