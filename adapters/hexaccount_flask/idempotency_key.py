import re

from flask import Request

from hexaccount_flask.problems import Problem, RequestRefused

# A string of structured fields (RFC 9651, 3.3.3), as draft-ietf-httpapi-idempotency-key-header has it, or what many
# send without the quotation marks. Two headers of the name arrive joined by a comma, and are malformed.
_QUOTED = re.compile(r'"((?:[!#-\[\]-~]|\\["\\]){1,256})"')
_BARE = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~:/=-]{1,128}")
_LONGEST = 128

_MALFORMED = Problem(
    status=400,
    code="malformed_header",
    detail=f'Idempotency-Key must be one string of 1 to {_LONGEST} visible ASCII characters, such as "8e03978e-40d5"',
)


def idempotency_key(request: Request) -> str | None:
    """Return the key that a client gave its request, None where it gave none; raises RequestRefused."""
    text = request.headers.get("Idempotency-Key")
    if text is None or _BARE.fullmatch(text):
        return text
    quoted = _QUOTED.fullmatch(text)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else ""
    if not 1 <= len(key) <= _LONGEST:
        raise RequestRefused(_MALFORMED)
    return key
