import hmac
import re
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.passwords.ports import DeviceTokens
from hexaccount_security import base64url
from hexaccount_security.derived_key import derived_key

_FORM = re.compile(r"[A-Za-z0-9_-]{64}")  # 48 bytes, which have one spelling only
_ID_BYTES = 16
_UNKNOWN_USER = UUID(int=0)


class HmacDeviceTokens(DeviceTokens):
    """Tokens of the device's id and an HMAC-SHA256 over account, epoch and device; they are stored nowhere.

    The account is not in the token, so that a leaked token does not reveal it.
    """

    def __init__(self, secret: bytes) -> None:
        """Derive the key from the setting `jwt.key`."""
        self._key = derived_key(secret, "tokens of devices")

    def issue(self, user: User, device_id: UUID) -> str:
        signature = self._signature(user.id, user.epoch, device_id.bytes)
        return base64url.encode(device_id.bytes + signature)

    def device_of(self, token: str | None, user: User | None) -> UUID | None:
        if token is None or not _FORM.fullmatch(token):
            return None
        raw = base64url.decode(token)
        device_id, signature = raw[:_ID_BYTES], raw[_ID_BYTES:]
        # Computed for an unknown user too, so that the response time does not reveal whether the account exists.
        expected = self._signature(user.id if user else _UNKNOWN_USER, user.epoch if user else 0, device_id)
        same = hmac.compare_digest(signature, expected)
        return UUID(bytes=device_id) if same and user is not None else None

    def _signature(self, user_id: UUID, epoch: int, device_id: bytes) -> bytes:
        return hmac.digest(self._key, user_id.bytes + epoch.to_bytes(8) + device_id, "sha256")
