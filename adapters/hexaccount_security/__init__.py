from hexaccount_security.bcrypt_hasher import BcryptHasher
from hexaccount_security.common_passwords import ZxcvbnCommonPasswords
from hexaccount_security.device_tokens import HmacDeviceTokens
from hexaccount_security.hmac_fingerprints import HmacFingerprints
from hexaccount_security.jwt_issuer import JwtIssuer
from hexaccount_security.key_ring import KeyRing
from hexaccount_security.lane import HashingLane
from hexaccount_security.sealing_smith import SealingSmith
from hexaccount_security.seed import seed_key

__all__ = [
    "BcryptHasher",
    "HashingLane",
    "HmacDeviceTokens",
    "HmacFingerprints",
    "JwtIssuer",
    "KeyRing",
    "SealingSmith",
    "ZxcvbnCommonPasswords",
    "seed_key",
]
