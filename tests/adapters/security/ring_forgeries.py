"""Forged tokens that confuse the keys of a ring, or that contain their own key."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any, TypeAlias

import jwt
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hexaccount.signing_keys.ports import StoredKey
from hexaccount.signing_keys.signing_keys import SigningKeys
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_memory import MemoryStore
from hexaccount_security import EncryptedKeyFactory, JwtIssuer, KeyRing, root_key
from hexaccount_system import Uuid7Identifiers
from tests.adapters.security.forgeries import CLAIMS, KEY, NOW, PAYLOAD_PART, base64url, part, sign
from tests.adapters.security.key_pairs import pair

ALGORITHMS = ("EdDSA", "ES256", "RS256", "HS256")
FACTORY = EncryptedKeyFactory(root_key(KEY))
STORED = SigningKeys(MemoryStore(EventRecorder(Uuid7Identifiers(), "urn:hexaccount:test")).unit_of_work)
LIFETIME = timedelta(hours=1)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _store(algorithm: str, *, begins: timedelta, retired: timedelta | None = None) -> StoredKey:
    made = FACTORY.make(algorithm)
    key = StoredKey(
        kid=made.kid,
        algorithm=algorithm,
        sealed=made.sealed,
        created_at=NOW - timedelta(days=2),
        signs_from=NOW + begins,
        retired_at=None if retired is None else NOW + retired,
    )
    STORED.add(key)
    return key


@cache
def ring() -> dict[str, Any]:
    """Return a key of each algorithm, all in STORED; at first use, because making RSA keys takes a second."""
    keys = {
        algorithm: FACTORY.decrypt(_store(algorithm, begins=timedelta(seconds=number - 10)))
        for number, algorithm in enumerate(ALGORITHMS)
    }
    _spent()
    return keys


@cache
def _spent() -> Any:
    return FACTORY.decrypt(_store("EdDSA", begins=timedelta(days=-1), retired=timedelta(hours=-2)))


@cache
def _removed() -> dict[str, Any]:
    keys = {algorithm: FACTORY.decrypt(_store(algorithm, begins=timedelta(days=1))) for algorithm in ALGORITHMS}
    for key in keys.values():
        STORED.remove(key.kid)
    return keys


@cache
def ring_issuer() -> JwtIssuer:
    ring()
    return JwtIssuer(
        KeyRing(FACTORY, STORED, lifetime=LIFETIME),
        issuer="https://accounts.example",
        audience="https://api.example",
        client_id="hexaccount",
    )


def _header(key: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(urlsafe_b64decode(key.header + "=="))
    return read


def _by(key: Any, header: dict[str, Any] | None = None) -> str:
    signed = f"{key.header if header is None else part(header)}.{PAYLOAD_PART}"
    return f"{signed}.{key.sign(signed)}"


@cache
def genuine() -> dict[str, str]:
    return {algorithm: _by(key) for algorithm, key in ring().items()}


def public_parts_as_secrets() -> Iterator[tuple[str, str]]:
    for algorithm in ALGORITHMS[:3]:
        key: Any = ring()[algorithm]
        public, jwk = key._public, key.public_jwk
        texts = {
            "in PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "in PEM, stripped": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
            "in DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "for SSH": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
            "as a JWK": json.dumps(jwk).encode(),
            "by its name": key.kid.encode(),
            "by its first number": urlsafe_b64decode(jwk.get("x", jwk.get("n")) + "=="),
        }
        for form, secret in texts.items():
            for alg in ("HS256", algorithm):
                header = {"alg": alg, "kid": key.kid, "typ": "at+jwt"}
                yield f"{alg} by the public {algorithm} key {form}", sign(f"{part(header)}.{PAYLOAD_PART}", secret)


def keys_for_each_other() -> Iterator[tuple[str, str]]:
    for algorithm, key in ring().items():
        for other, other_key in ring().items():
            if other != algorithm:
                yield f"{other} with the name of the {algorithm} key", _by(other_key, _header(key))
                yield f"{algorithm} key called {other}", _by(key, _header(key) | {"alg": other})
                yield f"{algorithm} key under the name of {other}", _by(key, _header(key) | {"kid": other_key.kid})
        yield f"{algorithm}, by a key that was removed", _by(_removed()[algorithm])
        yield f"{algorithm}, by a removed key under a living name", _by(_removed()[algorithm], _header(key))
        yield f"the root key under the kid of {algorithm}", _by(FACTORY.root, _header(key))
    yield "a key whose tokens have all expired", _by(_spent())
    yield "the kid of the root key for another key", _by(ring()["HS256"], _header(FACTORY.root))


def no_signatures() -> Iterator[tuple[str, str]]:
    for algorithm, key in ring().items():
        for none in ("none", "None", "NONE", "nOnE"):
            yield f"{none} for {algorithm}", f"{part(_header(key) | {'alg': none})}.{PAYLOAD_PART}."
        yield f"no signature for {algorithm}", f"{key.header}.{PAYLOAD_PART}."
        for length in (1, 32, 64, 384):
            zeros = base64url(bytes(length))
            yield f"{length} zeros for {algorithm}", f"{key.header}.{PAYLOAD_PART}.{zeros}"
    signed = f"{ring()['ES256'].header}.{PAYLOAD_PART}"
    numbers = {"0": 0, "1": 1, "the order": P256_ORDER, "the order less 1": P256_ORDER - 1, "the most": 2**256 - 1}
    for r_name, r in numbers.items():
        for s_name, s in numbers.items():
            raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
            yield f"ES256 of r {r_name} and s {s_name}", f"{signed}.{base64url(raw)}"
    signature = urlsafe_b64decode(genuine()["ES256"].rpartition(".")[2] + "==")
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    yield "ES256 in DER", f"{signed}.{base64url(encode_dss_signature(r, s))}"
    yield "ES256 with r and s exchanged", f"{signed}.{base64url(signature[32:] + signature[:32])}"
    yield "ES256 with zeros between", f"{signed}.{base64url(bytes(1) + signature[:32] + bytes(1) + signature[32:])}"


def embedded_keys() -> Iterator[tuple[str, str]]:
    for algorithm in ALGORITHMS[:3]:
        current: Any = ring()[algorithm]
        method: Any = jwt.get_algorithm_by_name(algorithm)
        theirs = method.to_jwk(pair(algorithm).public_key(), as_dict=True)
        for name, extra in {
            "jwk": theirs,
            "jwk of the current key": dict(current.public_jwk),
            "jku": "https://evil.example/jwks.json",
            "jku of the service": "/.well-known/jwks.json",
            "x5u": "https://evil.example/cert.pem",
            "x5c": ["MIIB"],
            "x5t": "AAAA",
            "x5t#S256": "AAAA",
            "crit": ["jwk"],
        }.items():
            for kid in (current.kid, "attacker"):
                header = {"alg": algorithm, "kid": kid, "typ": "at+jwt", name.partition(" ")[0]: extra}
                signed = f"{part(header)}.{PAYLOAD_PART}"
                by_them = base64url(method.sign(signed.encode(), pair(algorithm)))
                yield f"{algorithm}, {name}, kid {kid}, signed by them", f"{signed}.{by_them}"
                yield f"{algorithm}, {name}, kid {kid}, signed by the current key", f"{signed}.{current.sign(signed)}"
        signed = f"{current.header}.{PAYLOAD_PART}"
        yield f"{algorithm} by a key of theirs", f"{signed}.{base64url(method.sign(signed.encode(), pair(algorithm)))}"
        for spelling in ("=", "==", "A", "."):
            yield f"{algorithm} with {spelling} behind", genuine()[algorithm] + spelling


def other_methods_of_a_key() -> Iterator[tuple[str, str]]:
    rsa: Any = ring()["RS256"]
    for name in ("RS384", "RS512", "PS256", "PS384", "PS512"):
        method: Any = jwt.get_algorithm_by_name(name)
        for alg in (name, "RS256"):
            signed = f"{part(_header(rsa) | {'alg': alg})}.{PAYLOAD_PART}"
            yield f"{name} called {alg}", f"{signed}.{base64url(method.sign(signed.encode(), rsa._pair))}"
    for name in ("ES256K", "ES384", "ES512", "Ed25519", "Ed448"):
        key = ring()["ES256" if name.startswith("ES") else "EdDSA"]
        yield f"{key.algorithm} called {name}", _by(key, _header(key) | {"alg": name})


Forge: TypeAlias = Callable[[], Iterator[tuple[str, str]]]
FORGERIES: tuple[Forge, ...] = (
    public_parts_as_secrets,
    keys_for_each_other,
    no_signatures,
    embedded_keys,
    other_methods_of_a_key,
)


@cache
def ring_corpus() -> dict[str, str]:
    return {name: token for forge in FORGERIES for name, token in forge()}


assert CLAIMS.epoch == 1
