from hexaccount_security.account_cipher import RootedAccountCipher
from hexaccount_security.bcrypt_engines import MOST_LANES, BcryptEngine, EngineUnavailable
from hexaccount_security.bcrypt_hasher import BcryptHasher
from hexaccount_security.device_tokens import EncryptedDeviceTokens
from hexaccount_security.encrypted_key_factory import EncryptedKeyFactory
from hexaccount_security.engine_choice import choose_engine
from hexaccount_security.hashing_pool import HashingPool
from hexaccount_security.hmac_fingerprints import HmacFingerprints
from hexaccount_security.jwt_issuer import JwtIssuer
from hexaccount_security.key_ring import KeyRing
from hexaccount_security.root_keys import root_key
from hexaccount_security.successor_hasher import SuccessorHasher
from hexaccount_security.zxcvbn_estimator import ZxcvbnEstimator

__all__ = [
    "MOST_LANES",
    "BcryptEngine",
    "BcryptHasher",
    "EncryptedDeviceTokens",
    "EncryptedKeyFactory",
    "EngineUnavailable",
    "HashingPool",
    "HmacFingerprints",
    "JwtIssuer",
    "KeyRing",
    "RootedAccountCipher",
    "SuccessorHasher",
    "ZxcvbnEstimator",
    "choose_engine",
    "root_key",
]
