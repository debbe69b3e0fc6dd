from dataclasses import dataclass

from hexaccount.accounts.list_users import READ_USERS
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.rate_limits.acquire_permit import AcquirePermit
from hexaccount.sessions.authenticate import Principal
from hexaccount_socketio import problems
from hexaccount_socketio.authentication import Authenticator
from hexaccount_socketio.broadcaster import packet_of
from hexaccount_socketio.connection_registry import ConnectionRegistry, Socket
from hexaccount_socketio.problems import Problem, problem_of

PERMISSION = READ_USERS
"""What a user needs to receive the events of all accounts."""

WATCH = RateLimitPolicy("watch", RateLimit.of(60, 2, 600, 20), local=True)

UNWATCHED = "unwatched"
"""The event that a client receives when its user has lost the permission."""


@dataclass(frozen=True, slots=True)
class Watching:
    """Lets admins receive the events of all accounts: the handlers of `watch` and `unwatch`."""

    registry: ConnectionRegistry
    authenticator: Authenticator
    bus: MessageBus

    async def watch(self, sid: str, *_: object) -> Problem | None:
        """Return the acknowledgement: None, or the problem."""
        while (socket := self.registry.sockets.get(sid)) is not None:
            session = self.registry.sessions[socket.session_id]
            suspicions = session.suspicions
            try:
                # The counter is in this process and queries no store, so it does not block the event loop.
                self.bus.handle(AcquirePermit(policy=WATCH, user_id=socket.user_id))
                principal = await self.authenticator.authenticate(socket.token, socket.connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a problem
                return problem_of(error)
            if PERMISSION not in principal.permissions:
                return problems.not_permitted(PERMISSION)
            # Otherwise the permission may have been revoked meanwhile.
            if session.suspicions == suspicions and sid in self.registry.sockets:
                self.registry.watching[sid] = socket
                return None
        return problems.NO_TOKEN

    async def unwatch(self, sid: str, *_: object) -> None:
        self.registry.watching.pop(sid, None)

    def apply_permissions(self, socket: Socket, principal: Principal) -> None:
        """Stop watching if the user has lost the permission."""
        if socket.sid in self.registry.watching and PERMISSION not in principal.permissions:
            del self.registry.watching[socket.sid]
            socket.connection.events.drop_foreign()
            # If the queue is full, the next event closes the socket.
            socket.connection.enqueue(packet_of(UNWATCHED, problems.not_permitted(PERMISSION)))
