import os
import select

_WRITE_TIMEOUT = 1.0
"""Seconds."""


class LineStream:
    """An open file that several processes may share; each line is one write, so that lines do not interleave.

    On a pipe that holds for lines of up to 4,096 bytes (PIPE_BUF). Linux keeps longer ones, which are stack traces,
    whole too unless the reader is 64 KiB behind.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, line: bytes) -> None:
        """Write a line and its end; drops what cannot be written, as no operation may fail because of its log."""
        rest = line + b"\n"
        try:
            while rest:
                rest = rest[self._write_some(rest) :]
        except OSError:
            pass

    def _write_some(self, text: bytes) -> int:
        try:
            return os.write(self._descriptor, text)
        except BlockingIOError:
            # Another process that shares the file has set O_NONBLOCK.
            if not select.select([], [self._descriptor], [], _WRITE_TIMEOUT)[1]:
                raise
            return 0
