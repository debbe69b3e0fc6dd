from hexaccount_security.bcrypt_hasher import BcryptHasher
from hexaccount_security.common_passwords import ZxcvbnCommonPasswords
from hexaccount_security.hmac_fingerprints import HmacFingerprints
from hexaccount_security.jwt_issuer import JwtIssuer
from hexaccount_security.lane import HashingLane

__all__ = ["BcryptHasher", "HashingLane", "HmacFingerprints", "JwtIssuer", "ZxcvbnCommonPasswords"]
