import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from hexaccount_socketio.connection import Connection


@dataclass(slots=True, kw_only=True, eq=False)
class Socket:
    """An authenticated client of Socket.IO; `expires_at`, of its token, is in seconds since 1970."""

    sid: str
    token: str = field(repr=False)
    user_id: UUID
    session_id: UUID
    expires_at: float
    connection: Connection


@dataclass(slots=True, kw_only=True, eq=False)
class SocketSession:
    """A session and its sockets.

    `suspicions` counts the reasons to check the session. A check compares the count before and after: another reason
    may come up while the check runs.
    """

    sockets: dict[str, Socket] = field(default_factory=dict)
    checked_at: float = -math.inf
    suspicions: int = 0
    checking: bool = False

    def hold(self) -> None:
        """Send no events to the sockets until `release`."""
        for socket in self.sockets.values():
            socket.connection.hold()

    def release(self) -> None:
        for socket in self.sockets.values():
            socket.connection.release()


class ConnectionRegistry:
    """The sockets of this worker process by id, session and account, and those that watch all accounts."""

    def __init__(self) -> None:
        self.sockets: dict[str, Socket] = {}
        self.sessions: dict[UUID, SocketSession] = {}
        self.watching: dict[str, Socket] = {}
        self._of_user: defaultdict[UUID, dict[str, Socket]] = defaultdict(dict)

    def add(self, socket: Socket) -> SocketSession:
        """Add a socket, and return its session."""
        self.sockets[socket.sid] = socket
        self._of_user[socket.user_id][socket.sid] = socket
        session = self.sessions.setdefault(socket.session_id, SocketSession())
        session.sockets[socket.sid] = socket
        return session

    def remove(self, sid: str) -> Socket | None:
        """Remove a socket and return it; None if it is not registered."""
        socket = self.sockets.pop(sid, None)
        if socket is None:
            return None
        self.watching.pop(sid, None)
        of_user = self._of_user[socket.user_id]
        del of_user[sid]
        if not of_user:
            del self._of_user[socket.user_id]
        session = self.sessions[socket.session_id]
        del session.sockets[sid]
        if not session.sockets:
            del self.sessions[socket.session_id]
        return socket

    def count(self, user_id: UUID, session_id: UUID) -> tuple[int, int]:
        """Return the number of sockets of an account, and of one of its sessions."""
        session = self.sessions.get(session_id)
        return len(self._of_user.get(user_id, ())), len(session.sockets) if session else 0

    def sessions_of(self, user_id: UUID) -> list[SocketSession]:
        """Return the sessions of an account that have sockets."""
        ids = {socket.session_id for socket in self._of_user.get(user_id, {}).values()}
        return [self.sessions[each] for each in ids]

    def recipients(self, user_id: UUID) -> Iterator[Socket]:
        """Yield the sockets that receive the events of an account, each once."""
        own = self._of_user.get(user_id, {})
        yield from list(own.values())
        yield from [socket for sid, socket in self.watching.items() if sid not in own]
