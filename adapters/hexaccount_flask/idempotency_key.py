import re
from typing import Annotated, TypeAlias

from flask import Request
from msgspec import Meta

from hexaccount.idempotency.idempotency_keys import IdempotencyKeyReused, RequestInFlight
from hexaccount_flask.parameters import Parameter
from hexaccount_flask.problems import Problem, RequestRefused

_LONGEST = 128
# A string of structured fields (RFC 9651, 3.3.3), as draft-ietf-httpapi-idempotency-key-header has it, or what many
# send without the quotation marks. Two headers of the name arrive joined by a comma, and are malformed.
_QUOTED = rf'"(?:[!#-\[\]-~]|\\["\\]){{1,{_LONGEST}}}"'
_BARE = rf"[A-Za-z0-9!#$%&'*+.^_`|~:/=-]{{1,{_LONGEST}}}"
_FORM = f"{_BARE}|{_QUOTED}"

_MALFORMED = Problem(
    status=400,
    code="malformed_header",
    detail=f'Idempotency-Key must be one string of 1 to {_LONGEST} visible ASCII characters, such as "8e03978e-40d5"',
)


def _key_of(request: Request) -> str | None:
    text: str | None = request.environ.get("HTTP_IDEMPOTENCY_KEY")
    if text is None:
        return None
    if not re.fullmatch(_FORM, text):
        raise RequestRefused(_MALFORMED)
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


IdempotencyKey: TypeAlias = Annotated[
    str | None,
    Parameter(
        name="Idempotency-Key",
        place="header",
        of=Annotated[
            str,
            Meta(
                description=(
                    "A string of your own choice that nobody else guesses, such as a UUID, with or without quotation "
                    "marks. The same request with the same key gets the same answer for a day."
                ),
                examples=['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
                extra_json_schema={"pattern": f"^(?:{_FORM})$"},
            ),
        ],
        read=_key_of,
        refuses=[_MALFORMED, RequestInFlight, IdempotencyKeyReused],
    ),
]
"""The key that a client gave its request, None where it gave none."""
