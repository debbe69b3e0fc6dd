from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSecurity:
    """How brokers know us and we know them; `ca`, `certificate` and `key` are paths of PEM files.

    `protocol` is `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`. With TLS the name of a broker is always checked,
    against `ca` or else against what the system trusts.
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
        """Return it in the words of librdkafka; secrets among them are in the clear."""
        told = {"security.protocol": self.protocol}
        if self.protocol.startswith("sasl_"):
            told["sasl.mechanism"] = self.mechanism
        perhaps = {
            "sasl.username": self.username,
            "sasl.password": self.password,
            "ssl.ca.location": self.ca,
            "ssl.certificate.location": self.certificate,
            "ssl.key.location": self.key,
            "ssl.key.password": self.key_password,
        }
        return told | {name: value for name, value in perhaps.items() if value is not None}
