"""What the settings of Kafka have to be like together, and the files that they name."""

from pathlib import Path
from typing import TYPE_CHECKING

from hexaccount.bootstrap.settings import KafkaSettings, SettingsError

if TYPE_CHECKING:
    from ssl import SSLContext

_SASL = ("sasl_username", "sasl_password")
_TLS = ("ssl_ca", "ssl_certificate", "ssl_key", "ssl_key_password")


def check_kafka(kafka: KafkaSettings) -> None:
    """Return if a producer can be made with the settings; raises SettingsError."""
    protocol = kafka.security_protocol
    if protocol.startswith("sasl_"):
        _refuse_without(kafka, _SASL, f"is needed, as kafka.security_protocol is {protocol}; set it")
    else:
        _refuse_with(kafka, _SASL, f"is of no use, as kafka.security_protocol is {protocol}; set that to sasl_ssl")
    if protocol.endswith("ssl"):
        _check_tls(kafka)
    else:
        _refuse_with(
            kafka, _TLS, f"is of no use, as kafka.security_protocol is {protocol}; set that to ssl or sasl_ssl"
        )


def _refuse_with(kafka: KafkaSettings, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        if getattr(kafka, name) is not None:
            raise SettingsError(f"kafka.{name} {reason}")


def _refuse_without(kafka: KafkaSettings, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        if not getattr(kafka, name):
            raise SettingsError(f"kafka.{name} {reason}")


def _check_tls(kafka: KafkaSettings) -> None:
    from ssl import PROTOCOL_TLS_CLIENT, SSLContext  # noqa: PLC0415 - few deployments need it

    context = SSLContext(PROTOCOL_TLS_CLIENT)
    if kafka.ssl_ca is not None:
        _refuse_unreadable("ssl_ca", kafka.ssl_ca)
        _load_ca(context, kafka.ssl_ca)
    if kafka.ssl_certificate is not None:
        _refuse_without(kafka, ("ssl_key",), "is needed, as kafka.ssl_certificate is set; set it")
        _refuse_unreadable("ssl_certificate", kafka.ssl_certificate)
        _refuse_unreadable("ssl_key", kafka.ssl_key or "")
        _load_pair(context, kafka)
    else:
        _refuse_with(kafka, ("ssl_key", "ssl_key_password"), "is of no use without kafka.ssl_certificate; set that too")


def _refuse_unreadable(name: str, path: str) -> None:
    try:
        Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(f"kafka.{name}: {path} cannot be read ({error.strerror}); name a PEM file") from None


def _load_ca(context: "SSLContext", path: str) -> None:
    try:
        context.load_verify_locations(path)
    except OSError:  # of which ssl's errors are
        raise SettingsError(f"kafka.ssl_ca: {path} holds no certificate; name a PEM file of one or more") from None


def _load_pair(context: "SSLContext", kafka: KafkaSettings) -> None:
    try:
        # With no password at all OpenSSL would ask the terminal for one.
        context.load_cert_chain(kafka.ssl_certificate or "", kafka.ssl_key, kafka.ssl_key_password or "")
    except (OSError, ValueError):
        raise SettingsError(
            "kafka.ssl_key: it is not the key of kafka.ssl_certificate, or kafka.ssl_key_password does not open it; "
            "name PEM files of a certificate and its key"
        ) from None
