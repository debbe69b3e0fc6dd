from pathlib import Path

import pytest

from hexaccount.bootstrap import drivers
from hexaccount.bootstrap.publishers import open_publishers, preload_for_events, subscriber_name
from hexaccount.bootstrap.settings import KafkaSettings, Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings, shown_settings
from hexaccount_kafka import KafkaPublisher, KafkaTopic
from hexaccount_system import SystemClock
from tests.adapters.kafka.authority import Authority
from tests.adapters.security.key_pairs import pem

SECRET = "not for anybody else's eyes"
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
def test_brokers_and_topic_are_taken_from_the_url(url: str, brokers: str, topic: str) -> None:
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
def test_a_url_that_cannot_be_used_tells_how_to_write_it_and_is_not_repeated(url: str, remedy: str) -> None:
    with pytest.raises(SettingsError, match=f"^events: .*{remedy}") as error:
        load_settings(None, {"HEXACCOUNT_EVENTS": f'["{url}"]'})
    assert "secret" not in str(error.value)


def test_a_driver_that_is_not_installed_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"^events: kafka:// needs a driver; .*pip install 'hexaccount\[kafka\]'"):
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
        ({"SASL_USERNAME": "u"}, r"^kafka\.sasl_username is of no use, as .* is plaintext; set that to sasl_ssl$"),
        ({**TLS, "SASL_PASSWORD": SECRET}, r"^kafka\.sasl_password is of no use, .* is ssl; set that to sasl_ssl$"),
        ({"SECURITY_PROTOCOL": "sasl_ssl"}, r"^kafka\.sasl_username is needed, as .* is sasl_ssl; set it$"),
        ({**SASL, "SASL_PASSWORD": ""}, r"^kafka\.sasl_password is needed, "),
        ({"SSL_CA": "/ca.pem"}, r"^kafka\.ssl_ca is of no use, .* set that to ssl or sasl_ssl$"),
        ({**TLS, "SSL_CA": "/there/is/none.pem"}, r"^kafka\.ssl_ca: /there/is/none\.pem cannot be read \(No such file"),
        ({**TLS, "SSL_KEY": "/key.pem"}, r"^kafka\.ssl_key is of no use without kafka\.ssl_certificate; set that too$"),
        ({**TLS, "SSL_CERTIFICATE": "/c.pem"}, r"^kafka\.ssl_key is needed, as kafka\.ssl_certificate is set; set it$"),
    ],
)  # fmt: skip
def test_what_cannot_work_together_names_the_setting_and_the_remedy(kafka: dict[str, str], remedy: str) -> None:
    with pytest.raises(SettingsError, match=remedy) as error:
        load(**kafka)
    assert SECRET not in str(error.value)


def test_a_file_that_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(pem("ES256"))
    with pytest.raises(SettingsError, match=r"^kafka\.ssl_ca: .*ca\.pem holds no certificate; name a PEM file"):
        load(**TLS, SSL_CA=f"{tmp_path}/ca.pem")


def test_a_key_that_does_not_open_or_does_not_fit_is_refused_without_its_password(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.pair("hexaccount")
    both = {**TLS, "SSL_CERTIFICATE": certificate}
    assert load(**both, SSL_KEY=key, SSL_CA=authority.ca).kafka.ssl_key == key
    (tmp_path / "closed.pem").write_bytes(pem("ES256", SECRET.encode()))
    (tmp_path / "other.pem").write_bytes(pem("ES256"))
    for further in (
        {"SSL_KEY": f"{tmp_path}/closed.pem"},
        {"SSL_KEY": f"{tmp_path}/closed.pem", "SSL_KEY_PASSWORD": "another secret of theirs"},
        {"SSL_KEY": f"{tmp_path}/closed.pem", "SSL_KEY_PASSWORD": SECRET},
        {"SSL_KEY": f"{tmp_path}/other.pem"},
    ):
        with pytest.raises(
            SettingsError, match=r"^kafka\.ssl_key: it is not the key of kafka\.ssl_certificate"
        ) as error:
            load(**both, **further)
        assert "secret" not in str(error.value)
        assert SECRET not in str(error.value)
