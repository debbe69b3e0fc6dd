from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from socketio.exceptions import ConnectionRefusedError as SocketRefused

from hexaccount_socketio import problems
from hexaccount_socketio.authentication import Authenticator, has_unknown_parameters, token_of
from hexaccount_socketio.connection import Connection
from hexaccount_socketio.connection_pool import CONNECTION, ConnectionPool
from hexaccount_socketio.connection_registry import ConnectionRegistry, Socket
from hexaccount_socketio.problems import Problem, problem_of

_MAX_OF_SESSION = 20
_MAX_OF_USER = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Decides whether a client may open a socket, by its token and the number of its sockets."""

    registry: ConnectionRegistry
    pool: ConnectionPool
    authenticator: Authenticator
    draining: Callable[[], bool]
    now: Callable[[], float]

    async def admit(self, sid: str, environ: Mapping[str, Any], auth: object) -> Socket:
        """Return the socket of a client; raises SocketRefused with the problem as its data."""
        connection: Connection = environ["asgi.scope"][CONNECTION]
        connection.authenticating = True
        try:
            socket = await self._authenticate(sid, environ, auth, connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a problem
            if connection.attempts == 1:  # the client has time to read the problem, once
                connection.unauthenticated_since = self.now()
            raise (error if isinstance(error, SocketRefused) else refused(problem_of(error))) from None
        finally:
            connection.authenticating = False
        self.pool.mark_authenticated(connection)
        return socket

    async def _authenticate(self, sid: str, environ: Mapping[str, Any], auth: object, connection: Connection) -> Socket:
        connection.attempts += 1
        if self.draining():
            raise refused(problems.DRAINING)
        if has_unknown_parameters(environ):
            raise refused(problems.TOKEN_IN_QUERY)
        token = token_of(environ, auth)
        if token is None:
            raise refused(problems.NO_TOKEN)
        if connection.attempts > 1:  # the pool counted the first attempt when the connection came
            self.pool.count_attempt(environ["asgi.scope"])
        caller = await self.authenticator.authenticate(token, connection)
        of_user, of_session = self.registry.count(caller.user.id, caller.session_id)
        if of_session >= _MAX_OF_SESSION or of_user >= _MAX_OF_USER:
            self.pool.report(problems.TOO_MANY_SOCKETS, environ["asgi.scope"])
            raise refused(problems.TOO_MANY_SOCKETS)
        return Socket(
            sid=sid,
            token=token,
            user_id=caller.user.id,
            session_id=caller.session_id,
            expires_at=caller.expires_at.timestamp(),
            connection=connection,
        )


def refused(problem: Problem) -> SocketRefused:
    """Return the error that sends a client a `connect_error` with a problem."""
    return SocketRefused(problem["detail"], problem)
