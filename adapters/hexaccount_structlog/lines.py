import os
import select

_PATIENCE = 1.0


class LineStream:
    """An open file that takes lines, also from several processes that share it.

    Each line is one write, so that none begins within another. On a pipe that holds for lines of up to 4,096 bytes
    (PIPE_BUF); longer ones, which are stack traces, Linux keeps whole too unless the reader is a whole pipe behind.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, line: bytes) -> None:
        """Write a line; one that cannot be written is lost, as nothing may fail because of its log."""
        rest = line + b"\n"
        try:
            while rest:
                rest = rest[self._write_some(rest) :]
        except OSError:
            pass

    def info(self, line: bytes) -> None:
        """Write a line; by the name of its level structlog knows what it hands one to."""
        self.write(line)

    def _write_some(self, text: bytes) -> int:
        try:
            return os.write(self._descriptor, text)
        except BlockingIOError:
            # Whoever shares the file has made it one that does not wait.
            if not select.select([], [self._descriptor], [], _PATIENCE)[1]:
                raise
            return 0
