"""Checks of the settings `kafka`: combinations, and the files that they name."""

from pathlib import Path
from typing import TYPE_CHECKING

from hexaccount.bootstrap.file_access import WORLD_WRITABLE, read_errors, refuse_shared
from hexaccount.bootstrap.settings import KafkaSettings, SettingsError

if TYPE_CHECKING:
    from ssl import SSLContext

_SASL = ("sasl_username", "sasl_password")
_TLS = ("ssl_ca", "ssl_certificate", "ssl_key", "ssl_key_password")


def check_kafka(kafka: KafkaSettings) -> None:
    """Raise SettingsError for settings from which no producer can be made."""
    protocol = kafka.security_protocol
    if protocol.startswith("sasl_"):
        _require(kafka, _SASL, f"kafka.security_protocol is {protocol}")
    else:
        _forbid(kafka, _SASL, "set kafka.security_protocol to sasl_ssl", f"with {protocol}")
    if protocol.endswith("ssl"):
        _check_tls(kafka)
    else:
        _forbid(kafka, _TLS, "set kafka.security_protocol to ssl or sasl_ssl", f"with {protocol}")


def _forbid(kafka: KafkaSettings, names: tuple[str, ...], remedy: str, why: str) -> None:
    for name in names:
        if getattr(kafka, name) is not None:
            raise SettingsError(f"kafka.{name}: remove it, or {remedy}; it has no effect {why}")


def _require(kafka: KafkaSettings, names: tuple[str, ...], why: str) -> None:
    for name in names:
        if not getattr(kafka, name):
            raise SettingsError(f"kafka.{name}: set it, as {why}")


def _check_tls(kafka: KafkaSettings) -> None:
    from ssl import PROTOCOL_TLS_CLIENT, SSLContext

    context = SSLContext(PROTOCOL_TLS_CLIENT)
    if kafka.ssl_ca is not None:
        _check_readable("ssl_ca", kafka.ssl_ca)
        _load_ca(context, kafka.ssl_ca)
    if kafka.ssl_certificate is not None:
        _require(kafka, ("ssl_key",), "kafka.ssl_certificate is set")
        _check_readable("ssl_certificate", kafka.ssl_certificate)
        _check_readable("ssl_key", kafka.ssl_key or "")
        _load_pair(context, kafka)
    else:
        _forbid(kafka, ("ssl_key", "ssl_key_password"), "set kafka.ssl_certificate too", "without it")


def _check_readable(name: str, path: str) -> None:
    if not path:
        raise SettingsError(f"kafka.{name}: name a PEM file, or leave it out")
    subject = f"kafka.{name}: the PEM file {path}"
    refuse_shared(Path(path), WORLD_WRITABLE, subject=subject)
    with read_errors(subject):
        Path(path).read_bytes()


def _load_ca(context: "SSLContext", path: str) -> None:
    try:
        context.load_verify_locations(path)
    except OSError:  # includes ssl.SSLError
        raise SettingsError(f"kafka.ssl_ca: {path} holds no certificate; name a PEM file of one or more") from None


def _load_pair(context: "SSLContext", kafka: KafkaSettings) -> None:
    try:
        # Without any password OpenSSL would prompt for one on the terminal.
        context.load_cert_chain(kafka.ssl_certificate or "", kafka.ssl_key, kafka.ssl_key_password or "")
    except (OSError, ValueError):
        raise SettingsError(
            "kafka.ssl_key: it does not belong to kafka.ssl_certificate, or kafka.ssl_key_password is wrong; "
            "name PEM files of a certificate and its key"
        ) from None
