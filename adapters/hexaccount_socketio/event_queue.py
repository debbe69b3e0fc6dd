from collections import deque

MAX_EVENTS = 100
MAX_BYTES = 256 * 1024
"""How many events, and bytes of them, may wait for a slow client."""


class EventQueue:
    """The events that wait for one client, as packets, each marked if it belongs to another account."""

    def __init__(self) -> None:
        self._packets: deque[tuple[str, bool]] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._packets)

    def add(self, packet: str, *, foreign: bool) -> bool:
        """Append a packet; return False if the queue is full."""
        if len(self._packets) >= MAX_EVENTS or self._bytes + len(packet) > MAX_BYTES:
            return False
        self._packets.append((packet, foreign))
        self._bytes += len(packet)
        return True

    def pop(self) -> str:
        packet, _ = self._packets.popleft()
        self._bytes -= len(packet)
        return packet

    @property
    def is_half_full(self) -> bool:
        return 2 * max(len(self._packets) / MAX_EVENTS, self._bytes / MAX_BYTES) > 1

    def drop_foreign(self) -> None:
        """Drop the events of other accounts."""
        self._packets = deque(each for each in self._packets if not each[1])
        self._bytes = sum(len(packet) for packet, _ in self._packets)

    def clear(self) -> None:
        self._packets.clear()
        self._bytes = 0
