from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSecurity:
    """TLS and SASL settings; `ca`, `certificate` and `key` are paths of PEM files.

    `protocol` is `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`. With TLS a broker's name is always verified,
    against `ca` or, without one, against the authorities that the system trusts.
    """

    protocol: str = "plaintext"
    mechanism: str = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    key_password: str | None = field(default=None, repr=False)

    def properties(self) -> dict[str, str]:
        """Return the settings as properties of librdkafka, secrets in plain text."""
        properties = {
            "security.protocol": self.protocol,
            "sasl.mechanism": self.mechanism if self.protocol.startswith("sasl_") else None,
            "sasl.username": self.username,
            "sasl.password": self.password,
            "ssl.ca.location": self.ca,
            "ssl.certificate.location": self.certificate,
            "ssl.key.location": self.key,
            "ssl.key.password": self.key_password,
        }
        return {name: value for name, value in properties.items() if value is not None}
