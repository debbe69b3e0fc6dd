"""Certificates of brokers and clients."""

import datetime
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass
class Authority:
    """Who vouches for brokers and clients, in a folder."""

    folder: Path
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def ca(self) -> str:
        """The file of its own certificate."""
        return self._write("ca", self._certificate("authority", self.key.public_key(), ca=True))

    def pair(self, name: str) -> tuple[str, str]:
        """Return the files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        told = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return self._write(name, self._certificate(name, key.public_key())), self._write(f"{name}-key", told)

    def _certificate(self, name: str, public: Any, *, ca: bool = False) -> bytes:
        named = {who: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)]) for who in (name, "authority")}
        now = datetime.datetime.now(datetime.UTC)
        made = x509.CertificateBuilder(named["authority"], named[name], public, x509.random_serial_number())
        made = made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(
            now + datetime.timedelta(hours=1)
        )
        made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if not ca:
            local = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            made = made.add_extension(x509.SubjectAlternativeName([local]), critical=False)
        return made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _write(self, name: str, told: bytes) -> str:
        path = self.folder / f"{name}.pem"
        path.write_bytes(told)
        return str(path)
