"""A zygote: a process that has imported the service, has opened nothing, and forks itself into `hexaccount`.

The forkserver of multiprocessing would not do: its children skip `atexit`, and the contracts of stores use it with
imports of their own.

Run it as a program with the number of a socket. A request is the program to become, as JSON, with four file
descriptors: standard input, output and error, and where to write the exit code. The answer is the process id.
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
    "hexaccount.bootstrap.http",
    "hexaccount.bootstrap.program",
    "hexaccount.bootstrap.service",
    "hexaccount_click.cli",
    "hexaccount_click.service",
    "hexaccount_click.accounts",
    "hexaccount_flask",
    "hexaccount_granian.server",
    "hexaccount_memory",
    "hexaccount_security",
    "hexaccount_shared_memory",
    "hexaccount_sql.migration",
    "hexaccount_sql.store",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
]
"""Modules that are slow to import and read no settings while they are; the client of Prometheus does read some."""

LONGEST = 1 << 17


def serve(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork on request.

    Returns in each child the program to become and its files, and in the zygote None once the channel is closed.
    """
    ends: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not channel:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    report_exit(key.data, ends.pop(key.data))
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


def report_exit(pid: int, file: int) -> None:
    """Write the exit code of a child that has ended to a file."""
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(file, str(os.waitstatus_to_exitcode(status)).encode())
    os.close(file)


def become(program: dict[str, Any], files: list[int]) -> None:
    """Take over the files, arguments, environment and directory of a program, in a new session."""
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
    gc.freeze()  # children neither collect nor copy these objects, which saves a third of the work
    requested = serve(socket.socket(fileno=int(sys.argv[1])))
    if requested is not None:
        become(*requested)
        sys.exit(import_module("hexaccount.bootstrap.console").main())
