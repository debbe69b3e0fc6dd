from hexaccount_security.account_cipher import RootedAccountCipher
from hexaccount_security.bcrypt_hasher import BcryptHasher
from hexaccount_security.device_tokens import EncryptedDeviceTokens
from hexaccount_security.encrypted_key_factory import EncryptedKeyFactory
from hexaccount_security.hashing_pool import HashingPool
from hexaccount_security.hmac_fingerprints import HmacFingerprints
from hexaccount_security.jwt_issuer import JwtIssuer
from hexaccount_security.key_ring import KeyRing
from hexaccount_security.root_keys import root_key
from hexaccount_security.successor_hasher import SuccessorHasher
from hexaccount_security.zxcvbn_estimator import ZxcvbnEstimator

__all__ = [
    "BcryptHasher",
    "EncryptedDeviceTokens",
    "EncryptedKeyFactory",
    "HashingPool",
    "HmacFingerprints",
    "JwtIssuer",
    "KeyRing",
    "RootedAccountCipher",
    "SuccessorHasher",
    "ZxcvbnEstimator",
    "root_key",
]
