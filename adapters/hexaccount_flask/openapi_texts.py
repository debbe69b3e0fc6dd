"""What the document says of the service as a whole."""

TITLE = "hexaccount"

DESCRIPTION = """\
An account service: people register, log in, log out and look after their profile.

**JSON in, JSON out.** A success has its resource in `data`; a list also has `page.next`, which is `after` of the
request for the next page. Ids are UUIDs, times are RFC 3339 in UTC. Lengths of texts are counted in Unicode code
points, of a text in its usual spelling (NFC, of passwords NFKC) and without white space at its ends. Ignore members
that you do not know: a later version may add some.

**Errors** are problems (RFC 9457). `code` and `type` are stable, texts are for people; `errors` names each field that
is not valid, by a JSON Pointer into the body or the name of a parameter. A path that is not here gets a 404
`not_found`, a method that its path does not take a 405 `method_not_allowed` with `Allow`. A body that is too large, too
slow or does not arrive whole is refused with 413, 408 or 400 wherever it is sent.

**Access.** `POST /api/v1/public/login` gives an access token, which lives for minutes, and a refresh token, which works
once. An access token is dead at the next request once its session has ended or its user was disabled. Some operations
need a permission, which roles give: it stands with them.

**Limits.** Public operations are limited by client address, and wrong passwords by account besides. Their answers tell
in `RateLimit-Policy` and `RateLimit` what is left. A 429 tells in `Retry-After` when to come back, as does a 503.

**Every answer** has an `X-Request-ID`, that of the request if it had one, and headers that tell browsers to be careful
with it (`x-headers-of-every-answer`); only what cannot be read as HTTP, or has too large a head, gets a bare 400 or
431. `HEAD` is answered as `GET` is, without the content. Where `http.cors_origins` is set, pages of those origins may
read the answers.

The events that the service publishes have a document of their own, at `/asyncapi.json` (AsyncAPI 3).
"""

TAGS = {
    "account": "How people come and go.",
    "me": "How people look after their own account.",
    "sessions": "Where people are logged in, for themselves and for admins.",
    "users": "All accounts, for admins.",
    "avatar": "The pictures of accounts.",
    "keys": "How other services check access tokens.",
    "operation": "What those ask who run the service.",
    "documents": "What the service says of itself.",
    "swagger": "The page on which people read that.",
}
"""What the operations of a tag have in common; their order is that of the document."""

SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The `access` of a login, without the word Bearer.",
}
