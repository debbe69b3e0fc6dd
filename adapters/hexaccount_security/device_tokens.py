import re
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.passwords.ports import DeviceTokens, KnownDevice
from hexaccount_security import base64url
from hexaccount_security.derived_key import derived_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_FORM = re.compile(r"[A-Za-z0-9_-]{76}")  # 57 bytes, which have one spelling only
_ID_BYTES = 16
_EPOCH_BYTES = 9


class EncryptedDeviceTokens(DeviceTokens):
    """Tokens of device, account and epoch, encrypted with AES-SIV (RFC 5297); they are stored nowhere.

    So a token proves which account it is for before any account is looked up, and reveals it to nobody else. The same
    device gets the same token. `cryptography` is imported with the first token.
    """

    def __init__(self, secret: bytes) -> None:
        """Derive the key from the setting `jwt.key`."""
        self._secret = secret

    def issue(self, user: User, device_id: UUID) -> str:
        data = device_id.bytes + user.id.bytes + user.epoch.to_bytes(_EPOCH_BYTES)
        return base64url.encode(self._cipher.encrypt(data, None))

    def read(self, token: str | None) -> KnownDevice | None:
        if token is None or not _FORM.fullmatch(token):
            return None
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - `cryptography` is slow to import

        try:
            data = self._cipher.decrypt(base64url.decode(token), None)
        except InvalidTag:
            return None
        device, account, epoch = data[:_ID_BYTES], data[_ID_BYTES : 2 * _ID_BYTES], data[2 * _ID_BYTES :]
        return KnownDevice(UUID(bytes=device), UUID(bytes=account), int.from_bytes(epoch))

    @cached_property
    def _cipher(self) -> "AESSIV":
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415 - it is slow to import

        return AESSIV(derived_key(self._secret, "tokens of devices"))
