import asyncio
import re
from collections.abc import Awaitable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.sessions.authenticate import Authenticate, Principal
from hexaccount_socketio.connection import Connection

_THREADS = 2
_CLIENT_TIMEOUT_SECONDS = 10.0
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,4096}=*")
# Socket.IO's own parameters of a connection.
_PARAMETERS = {"EIO", "transport", "t", "b64"}


class Authenticator:
    """Authenticates tokens in threads, so that the event loop never waits for the store.

    Requests of clients have separate threads: a crowd of them must not delay the checks that end a dead session.
    """

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._for_clients = ThreadPoolExecutor(_THREADS, thread_name_prefix="socket-clients")
        self._for_checks = ThreadPoolExecutor(_THREADS, thread_name_prefix="socket-checks")

    async def authenticate(self, token: str, connection: Connection) -> Principal:
        """Return the caller of a client's request; raises NotAuthenticated and StoreUnavailable.

        StoreUnavailable also stands for a store that does not answer in time, and a connection that ends before.
        """
        try:
            return await connection.while_open(self._run(token, self._for_clients), seconds=_CLIENT_TIMEOUT_SECONDS)
        except TimeoutError:
            raise StoreUnavailable from None

    def recheck(self, token: str) -> Awaitable[Principal]:
        """Return the caller for a check of a session; raises NotAuthenticated and StoreUnavailable."""
        return self._run(token, self._for_checks)

    def close(self) -> None:
        """Cancel what waits for a thread."""
        for threads in (self._for_clients, self._for_checks):
            threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, token: str, threads: ThreadPoolExecutor) -> Awaitable[Principal]:
        return asyncio.get_running_loop().run_in_executor(threads, self._bus.handle, Authenticate(token=token))


def token_of(environ: Mapping[str, Any], auth: object) -> str | None:
    """Return the token of the auth payload or else of the Authorization header; None if it is missing or malformed."""
    token = auth.get("token") if isinstance(auth, dict) else None
    if token is None:
        scheme, _, credentials = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        token = credentials.strip(" ") if scheme.lower() == "bearer" else None
    return token if isinstance(token, str) and _TOKEN.fullmatch(token) else None


def has_unknown_parameters(environ: Mapping[str, Any]) -> bool:
    """Return whether the query has parameters that are not Socket.IO's, such as a token."""
    names = {pair.partition("=")[0] for pair in environ.get("QUERY_STRING", "").split("&") if pair}
    return not names <= _PARAMETERS
