import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from hexaccount_socketio.line import Line


@dataclass(slots=True, kw_only=True, eq=False)
class Socket:
    """One connection: whose, by which token it came, until when that is good (seconds since 1970), and its line."""

    sid: str
    token: str = field(repr=False)
    user_id: UUID
    session_id: UUID
    expires_at: float
    line: Line


@dataclass(slots=True, kw_only=True, eq=False)
class LiveSession:
    """A session and its sockets: when it was looked at, and how often there was a reason to look again.

    reasons: whoever looks compares before and after, for one more may come up meanwhile.
    """

    sockets: dict[str, Socket] = field(default_factory=dict)
    checked_at: float = -math.inf
    reasons: int = 0
    checking: bool = False

    def hold(self) -> None:
        """Keep events back from all its sockets."""
        for socket in self.sockets.values():
            socket.line.hold()

    def release(self) -> None:
        """Let events go out to all its sockets."""
        for socket in self.sockets.values():
            socket.line.release()


class Roll:
    """Who is connected to this worker process, by socket, session and account, and who hears of everybody."""

    def __init__(self) -> None:
        self.sockets: dict[str, Socket] = {}
        self.sessions: dict[UUID, LiveSession] = {}
        self.watching: dict[str, Socket] = {}
        self._of_user: defaultdict[UUID, dict[str, Socket]] = defaultdict(dict)

    def add(self, socket: Socket) -> LiveSession:
        """Add a socket, and return the session that it belongs to."""
        self.sockets[socket.sid] = socket
        self._of_user[socket.user_id][socket.sid] = socket
        session = self.sessions.setdefault(socket.session_id, LiveSession())
        session.sockets[socket.sid] = socket
        return session

    def remove(self, sid: str) -> Socket | None:
        """Remove a socket and return it; None where there was none."""
        socket = self.sockets.pop(sid, None)
        if socket is None:
            return None
        self.watching.pop(sid, None)
        there = self._of_user[socket.user_id]
        del there[sid]
        if not there:
            del self._of_user[socket.user_id]
        session = self.sessions[socket.session_id]
        del session.sockets[sid]
        if not session.sockets:
            del self.sessions[socket.session_id]
        return socket

    def count(self, user_id: UUID, session_id: UUID) -> tuple[int, int]:
        """Return how many sockets an account has, and one of its sessions."""
        session = self.sessions.get(session_id)
        return len(self._of_user.get(user_id, ())), len(session.sockets) if session else 0

    def sessions_of(self, user_id: UUID) -> list[LiveSession]:
        """Return the sessions of an account that have sockets."""
        ids = {socket.session_id for socket in self._of_user.get(user_id, {}).values()}
        return [self.sessions[each] for each in ids]

    def hearers(self, user_id: UUID) -> Iterator[Socket]:
        """Yield the sockets that an account's events concern, each once."""
        own = self._of_user.get(user_id, {})
        yield from list(own.values())
        yield from [socket for sid, socket in self.watching.items() if sid not in own]
