from hexaccount_security.bcrypt_hasher import BcryptHasher
from hexaccount_security.device_tokens import HmacDeviceTokens
from hexaccount_security.jwt_issuer import JwtIssuer
from hexaccount_security.key_digest import HmacKeyDigest
from hexaccount_security.lane import HashingLane

__all__ = ["BcryptHasher", "HashingLane", "HmacDeviceTokens", "HmacKeyDigest", "JwtIssuer"]
