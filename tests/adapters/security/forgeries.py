"""Forged tokens; each is refused."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from hexaccount.sessions.ports import AccessClaims
from hexaccount_security import EncryptedKeyFactory, JwtIssuer, KeyRing, root_key

KEY = hashlib.sha512(b"a key").hexdigest().encode()
OTHER_KEY = hashlib.sha512(b"another key").hexdigest().encode()
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())

ISSUER = JwtIssuer(
    KeyRing(EncryptedKeyFactory(root_key(KEY))),
    issuer="https://accounts.example",
    audience="https://api.example",
    client_id="hexaccount",
)
CLAIMS = AccessClaims(
    token_id=UUID("019ab000-0000-7000-8000-00000000000a"),
    user_id=UUID("019ab000-0000-7000-8000-00000000000b"),
    session_id=UUID("019ab000-0000-7000-8000-00000000000c"),
    issued_at=NOW,
    expires_at=NOW + timedelta(minutes=15),
    epoch=1,
)
TOKEN = ISSUER.issue(CLAIMS)
HEADER_PART, PAYLOAD_PART, SIGNATURE_PART = TOKEN.split(".")
HEADER: dict[str, Any] = jwt.get_unverified_header(TOKEN)
PAYLOAD: dict[str, Any] = json.loads(base64.urlsafe_b64decode(PAYLOAD_PART + "=="))
TIMES_THAT_ARE_NONE = ("NaN", "Infinity", "-Infinity", "1e400", "1e10", "-1", "0x7fffffff", "017", "+1", ".5")
HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: object) -> str:
    if isinstance(value, str | bytes):
        return base64url(value.encode() if isinstance(value, str) else value)
    return base64url(json.dumps(value, separators=(",", ":")).encode())


def sign(signed: str, key: bytes = KEY, algorithm: str = "HS256") -> str:
    return f"{signed}.{base64url(hmac.new(key, signed.encode(), HASHES[algorithm]).digest())}"


def forge(header: object = HEADER, payload: object = PAYLOAD, key: bytes = KEY, algorithm: str = "HS256") -> str:
    return sign(f"{part(header)}.{part(payload)}", key, algorithm)


def headers() -> Iterator[tuple[str, str]]:
    for algorithm in ("none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "RS256", "ES256", "PS256", "EdDSA", "dir"):
        yield f"alg {algorithm!r}, signed", forge(HEADER | {"alg": algorithm})
        yield f"alg {algorithm!r}, unsigned", f"{part(HEADER | {'alg': algorithm})}.{PAYLOAD_PART}."
    for algorithm in ("HS384", "HS512"):
        yield f"alg {algorithm}, well signed", forge(HEADER | {"alg": algorithm}, algorithm=algorithm)
        yield f"alg HS256, signed as {algorithm}", forge(algorithm=algorithm)
    for value in (None, 256, ["HS256"], {"alg": "HS256"}):
        yield f"alg {value!r}", forge(HEADER | {"alg": value})
    for name in HEADER:
        yield f"no {name} in the header", forge({key: HEADER[key] for key in HEADER if key != name})
    for other in ("JWT", "at+JWT", "application/at+jwt", "", None, 1, ["at+jwt"]):
        yield f"typ {other!r} in the header", forge(HEADER | {"typ": other})
    for other in (
        "",
        "other",
        HEADER["kid"] + "A",
        HEADER["kid"].swapcase(),
        "../../dev/null",
        None,
        7,
        [HEADER["kid"]],
    ):
        yield f"kid {other!r}", forge(HEADER | {"kid": other})
    own = {"kty": "oct", "k": base64url(OTHER_KEY)}
    for name, extra in {
        "jku": "https://evil.example/keys",
        "x5u": "https://evil.example/cert",
        "jwk": own,
        "x5c": ["MIIB"],
        "x5t": "AAAA",
        "crit": ["b64"],
        "b64": True,
        "zip": "DEF",
        "enc": "A256GCM",
        "cty": "JWT",
    }.items():
        yield f"{name} in the header, signed by us", forge(HEADER | {name: extra})
        yield f"{name} in the header, signed by another", forge(HEADER | {name: extra}, key=OTHER_KEY)
    yield "crit of nothing", forge(HEADER | {"crit": []})
    yield "crit of an unknown extension", forge(HEADER | {"crit": ["exp"], "exp": 1})
    yield "b64 false", sign(f"{part(HEADER | {'b64': False, 'crit': ['b64']})}.")
    for form in ("[]", "null", '"HS256"', "{", "", '{"alg":"none",' + json.dumps(HEADER)[1:], "[" * 4000, b"\xff\xfe"):
        yield f"header of the form {form!r:.30}", forge(form)
    yield "header with spaces in its JSON", forge(json.dumps(HEADER))
    yield "header with padding", sign(f"{HEADER_PART}=.{PAYLOAD_PART}")


def signatures() -> Iterator[tuple[str, str]]:
    signed = f"{HEADER_PART}.{PAYLOAD_PART}"
    mac = base64.urlsafe_b64decode(SIGNATURE_PART + "=")
    yield "another key", forge(key=OTHER_KEY)
    yield "an empty key", forge(key=b"")
    yield "the kid as the key", forge(key=HEADER["kid"].encode())
    yield "the key in base64 as the key", forge(key=base64.b64encode(KEY))
    yield "no signature", signed + "."
    yield "half a signature", signed + "." + base64url(mac[:16])
    yield "a signature with more behind it", TOKEN + "AAAA"
    yield "a signature with padding", TOKEN + "="
    yield "a signature of zeros", signed + "." + base64url(bytes(32))
    yield "a signature in hexadecimal", signed + "." + mac.hex()
    yield "a signature of the payload alone", f"{signed}.{sign(PAYLOAD_PART).rpartition('.')[2]}"
    yield "a bare hash for a signature", f"{signed}.{base64url(hashlib.sha256(KEY + signed.encode()).digest())}"
    yield (
        "the signature of another token",
        f"{HEADER_PART}.{part(PAYLOAD | {'sub': str(UUID(int=1))})}.{SIGNATURE_PART}",
    )


def shapes() -> Iterator[tuple[str, str]]:
    yield "nothing", ""
    yield "dots alone", ".."
    yield "one part", HEADER_PART
    yield "two parts", f"{HEADER_PART}.{PAYLOAD_PART}"
    yield "four parts", TOKEN + ".AAAA"
    yield "five parts, as a JWE", f"{part(HEADER | {'alg': 'dir', 'enc': 'A256GCM'})}..AAAA.AAAA.AAAA"
    yield "our header in five parts", f"{HEADER_PART}..{PAYLOAD_PART}.{SIGNATURE_PART}.AAAA"
    yield "two dots for one", f"{HEADER_PART}..{PAYLOAD_PART}.{SIGNATURE_PART}"
    yield "a dot in front", "." + TOKEN
    yield "a dot behind", TOKEN + "."
    yield "a detached payload", f"{HEADER_PART}..{SIGNATURE_PART}"
    yield "a detached payload, well signed", sign(f"{HEADER_PART}.")
    for space in (" ", "\n", "\t", "\r\n", "\0", "\u00a0", "\ufeff"):
        yield f"{space!r} in front", space + TOKEN
        yield f"{space!r} behind", TOKEN + space
        yield f"{space!r} within", TOKEN.replace(".", "." + space, 1)
    yield "the scheme before it", "Bearer " + TOKEN
    yield "twice", TOKEN + TOKEN
    yield "twice, with a comma", f"{TOKEN}, {TOKEN}"
    yield "in quotes", f'"{TOKEN}"'
    yield "percent-encoded", TOKEN.replace(".", "%2E")
    yield (
        "in the JSON serialization",
        json.dumps({"protected": HEADER_PART, "payload": PAYLOAD_PART, "signature": SIGNATURE_PART}),
    )
    yield "parts in another order", f"{PAYLOAD_PART}.{HEADER_PART}.{SIGNATURE_PART}"
    yield "full-width letters", TOKEN.translate({ord("e"): "\uff45"})
    yield "in other case", TOKEN.swapcase()
    yield "a token within a token", forge(payload=TOKEN)


def payloads() -> Iterator[tuple[str, str]]:
    for form in (b"", b"[]", b"null", b"1", b'"x"', b"{", b"{}", b"\xff", b"[" * 5000, b'{"a":' * 1000, b"{}{}"):
        yield f"a payload of the form {form[:20]!r}", forge(payload=form)
    yield "a payload that is no base64", sign(f"{HEADER_PART}.!")
    yield "a payload of impossible length", sign(f"{HEADER_PART}.{PAYLOAD_PART[:-3]}")
    yield "a payload with padding", sign(f"{HEADER_PART}.{part(json.dumps(PAYLOAD) + ' ')}=")
    yield "a payload with an invalid base64 character", sign(f"{HEADER_PART}.{PAYLOAD_PART[:8]}*{PAYLOAD_PART[8:]}")
    yield "a payload with bits left over", sign(f"{HEADER_PART}.{part(json.dumps(PAYLOAD) + ' ')[:-1]}B")


def claims() -> Iterator[tuple[str, str]]:
    for name, own in PAYLOAD.items():
        yield f"no {name}", forge(payload={key: PAYLOAD[key] for key in PAYLOAD if key != name})
        for wrong in (None, True, False, 1.5, float(SECOND), [], [own], {}, {"": own}, ""):
            yield f"{name} is {wrong!r}", forge(payload=PAYLOAD | {name: wrong})
        deep = json.dumps(PAYLOAD | {name: 0}).replace(f'"{name}": 0', f'"{name}": ' + "[" * 2500 + "]" * 2500)
        yield f"{name} is deep", forge(payload=deep)


def times() -> Iterator[tuple[str, str]]:
    for name in ("exp", "iat"):
        for literal in (*TIMES_THAT_ARE_NONE, f"{SECOND}.0", f'"{SECOND}"'):
            payload = json.dumps(PAYLOAD | {name: 0}).replace(f'"{name}": 0', f'"{name}": {literal}')
            yield f"{name} is {literal}", forge(payload=payload)
        for exponent in (53, 63, 64, 1200):
            yield f"{name} is 2 to the {exponent}", forge(payload=PAYLOAD | {name: 2**exponent})
        yield f"{name} is in the year 10000", forge(payload=PAYLOAD | {name: 253402300800})
    yield "expired now", forge(payload=PAYLOAD | {"exp": SECOND})
    yield "expired long ago", forge(payload=PAYLOAD | {"exp": 0})


def names() -> Iterator[tuple[str, str]]:
    for name in ("jti", "sub", "sid"):
        own: str = PAYLOAD[name]
        for wrong in (
            *(own.upper(), own.replace("-", ""), f"{{{own}}}", f"urn:uuid:{own}", own.replace("-", "_")),
            *(own + "\n", " " + own, own[:-1], own + "0", own.replace("0", "\u0660"), "admin", "../" + own),
        ):
            yield f"{name} is {wrong!r}", forge(payload=PAYLOAD | {name: wrong})
        yield f"{name} is a number", forge(payload=PAYLOAD | {name: 1})
    for name in ("iss", "aud", "client_id", "typ"):
        for other in (PAYLOAD[name] + "/", PAYLOAD[name].upper(), " " + PAYLOAD[name], PAYLOAD[name] + "\0", 1):
            yield f"{name} is {other!r}", forge(payload=PAYLOAD | {name: other})
    yield "aud among others", forge(payload=PAYLOAD | {"aud": ["https://api.example", "https://other.example"]})
    yield "typ is refresh", forge(payload=PAYLOAD | {"typ": "refresh"})
    yield "typ is that of the header", forge(payload=PAYLOAD | {"typ": "at+jwt"})


CORPUS = dict([*headers(), *signatures(), *shapes(), *payloads(), *claims(), *times(), *names()])
