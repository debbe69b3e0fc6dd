"""The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header)."""

import re
from typing import Annotated, TypeAlias

from hexaccount.idempotency.idempotency_keys import IdempotencyKeyReused, RequestInFlight
from hexaccount_flask.web.fields import text, whole
from hexaccount_flask.web.inputs import Parameter
from hexaccount_flask.web.problems import Problem, RequestRefused

_LONGEST = 128
# A string of structured fields (RFC 9651, 3.3.3), as the draft has it, or without the quotation marks, which many
# clients omit. Two headers of the name arrive joined by a comma, and are malformed.
_QUOTED = rf'"(?:[!#-\[\]-~]|\\["\\]){{1,{_LONGEST}}}"'
_BARE = rf"[A-Za-z0-9!#$%&'*+.^_`|~:/=-]{{1,{_LONGEST}}}"
_FORM = f"{_BARE}|{_QUOTED}"

_MALFORMED = Problem(
    status=400,
    code="malformed_header",
    detail=f'Idempotency-Key must be one string of 1 to {_LONGEST} visible ASCII characters, such as "8e03978e-40d5"',
)


def _parse(header: str) -> str:
    if not re.fullmatch(_FORM, header):
        raise RequestRefused(_MALFORMED)
    return re.sub(r"\\(.)", r"\1", header[1:-1]) if header.startswith('"') else header


IdempotencyKey: TypeAlias = Annotated[
    str | None,
    Parameter(
        name="Idempotency-Key",
        place="header",
        schema=Annotated[
            str,
            text(
                "A string of your own choice that is hard to guess, such as a UUID, with or without quotation marks. "
                "The same request with the same key gets the same answer for a day.",
                '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
                pattern=whole(_FORM),
            ),
        ],
        parse=_parse,
        errors=[_MALFORMED, RequestInFlight, IdempotencyKeyReused],
    ),
]
"""The key that a client gave its request, None if it gave none."""
