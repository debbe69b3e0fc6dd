"""The texts of the document about the service as a whole."""

TITLE = "hexaccount"

DESCRIPTION = """\
An account service: users register, log in, log out and manage their profile.

**JSON in, JSON out.** A success has its resource in `data`; a list also has `page.next`, which is `after` of the
request for the next page. Ids are UUIDs, times are RFC 3339 in UTC. Lengths of texts are counted in Unicode code
points, after normalisation (NFC, of passwords NFKC) and without white space at both ends; in a password that counts.
Ignore members that you do not know: a later version may add some.

**Errors** are problems (RFC 9457). `code` and `type` are stable, texts are for people. `errors` names each field that
is not valid, by a JSON Pointer into the body or the name of a parameter. An unknown path gets a 404 `not_found`, a
method that the path does not support a 405 `method_not_allowed` with `Allow`. At every path, the statuses 413, 408 and
400 refuse a body that is too large, too slow or incomplete.

**Access.** `POST /api/v1/public/login` returns an access token, which is valid for minutes, and a refresh token, which
works once. An access token is invalid as soon as its session has ended or its user is disabled. Some operations need a
permission, which roles grant; those operations name it.

**Limits.** Public operations are limited by client address, and wrong passwords also by account. Operations that change
something with an access token are limited by account, those that only read are not. Their answers report in
`RateLimit-Policy` and `RateLimit` what is left. After a 429 or a 503, wait for the seconds in `Retry-After`.

**Every answer** has an `X-Request-ID` and security headers (`x-headers-of-every-answer`). The id is that of the request
if it is 1 to 128 ASCII letters, digits, `.`, `_` and `-`; any other is replaced by a new one. Three kinds of requests
get a bare status: 400 if they are not HTTP, 414 if path and query exceed 65,534 bytes, 431 if the headers are too
large. `HEAD` is answered as `GET` is, without the content. If `http.cors_origins` is set, pages of those origins may
read the answers.

The document of the events that the service publishes is at `/asyncapi.json` (AsyncAPI 3).
"""

TAGS = {
    "account": "Registering, logging in and out.",
    "me": "Your own account.",
    "sessions": "Sessions, for their user and for admins.",
    "users": "All accounts, for admins.",
    "avatar": "The pictures of accounts.",
    "keys": "The keys with which other services verify access tokens.",
    "operation": "Health, readiness and metrics, for operators.",
    "documents": "The documents of the service.",
    "swagger": "The page that shows this document.",
}
"""The tags with their descriptions, in the order of the document."""

SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The `access` of a login, without the word Bearer.",
}
