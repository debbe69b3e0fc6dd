"""A process that has imported the service and opened nothing, and forks itself into `hexaccount` with any arguments.

It is not the forkserver of multiprocessing, whose children end without what a program does at its exit, and which the
contracts of stores use with imports of their own.

Run as a program, with the number of a socket. Each request is what to be, as JSON, and the ends of four files: standard
input, output and error, and where to write how it has ended. The answer is the process id.
"""

import contextlib
import gc
import json
import os
import selectors
import socket
import sys
from importlib import import_module
from typing import Any

IMPORTED = [
    "alembic.command",
    "hexaccount.bootstrap.container",
    "hexaccount.bootstrap.program",
    "hexaccount.bootstrap.service",
    "hexaccount_click.cli",
    "hexaccount_click.service",
    "hexaccount_click.users",
    "hexaccount_flask",
    "hexaccount_sql.migration",
    "hexaccount_sql.store",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
]
"""What takes long, and knows nothing of settings when it is imported: not the client of Prometheus, which does."""

LONGEST = 1 << 17


def serve(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork on request; return in each child what to be and its files, in the stem nothing once nobody asks any more."""
    ends: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not channel:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    tell_end(key.data, ends.pop(key.data))
                    continue
                message, files, _, _ = socket.recv_fds(channel, LONGEST, 4)
                if not message:
                    return None
                pid = os.fork()
                if pid == 0:
                    return json.loads(message), files[:3]
                for file in files[:3]:
                    os.close(file)
                ends[pid] = files[3]
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, data=pid)
                channel.send(str(pid).encode())


def tell_end(pid: int, where: int) -> None:
    """Write to a file how a child that has ended has ended."""
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(where, str(os.waitstatus_to_exitcode(status)).encode())
    os.close(where)


def be(program: dict[str, Any], files: list[int]) -> None:
    """Lead a session of its own, with the files, arguments, environment and directory of a program and nothing else."""
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, 1024)
    sys.argv = ["hexaccount", *program["arguments"]]
    os.environ.clear()
    os.environ.update(program["environment"])
    os.chdir(program["directory"])


if __name__ == "__main__":
    for name in IMPORTED:
        import_module(name)
    gc.freeze()  # what is there for good is neither looked through nor copied by each child: a third of the work
    asked = serve(socket.socket(fileno=int(sys.argv[1])))
    if asked is not None:
        be(*asked)
        sys.exit(import_module("hexaccount.bootstrap.console").main())
