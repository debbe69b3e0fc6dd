"""A toy service for the tests. Run as a script, it takes its options as one JSON argument and prints events.

Files in one folder control what its requests do, so that no test depends on timing.
"""

import json
import os
import resource
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import flask

from hexaccount_granian import AddressInUse, Draining, ThreadPoolSize, Worker, WorkerLoad, WorkersFailed, serve
from hexaccount_granian.client_address import ClientAddresses


@dataclass(frozen=True, kw_only=True)
class Options:
    folder: str
    port: int = 0
    host: str = "127.0.0.1"
    workers: int = 1
    backlog: int = 1024
    drain_delay: float = 0.0
    stop_timeout: float = 30.0
    body_timeout: float = 5.0
    deadline: float = 20.0
    slow_threads: int = 2
    slow_backlog: int = 100
    load_seconds: float = 0.0
    fail: bool = False
    files: int = 0
    proxy: str = ""
    start_method: str = "fork"


def report(**event: Any) -> None:
    # One write, so that lines of several processes are not interleaved.
    os.write(1, (json.dumps(event) + "\n").encode())


def fail_if_requested(folder: Path, what: str) -> None:
    if (folder / f"break-{what}").exists():
        raise RuntimeError(f"the {what} fails")


def render_error(
    folder: Path, status: int, code: str, detail: str, *, origin: str | None
) -> tuple[list[tuple[str, str]], bytes]:
    fail_if_requested(folder, "renderer")
    body = json.dumps({"status": status, "code": code, "detail": detail}).encode()
    return [("content-type", "application/problem+json")], body


def hold(folder: Path, name: str) -> dict[str, Any]:
    """Mark a request as begun, and block until the test releases it."""
    (folder / f"begun-{name}").touch()
    deadline = time.monotonic() + 60
    while not (folder / f"release-{name}").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    return {"held": name}


def make_app(folder: Path, draining: Draining) -> flask.Flask:
    app = flask.Flask("toy")
    app.add_url_rule("/fast", view_func=lambda: {"pid": os.getpid()}, endpoint="fast", methods=["GET", "POST"])
    app.add_url_rule("/slow/<name>", view_func=lambda name: hold(folder, name), endpoint="slow")
    app.add_url_rule("/ready", view_func=lambda: ({}, 503 if draining.is_set() else 200), endpoint="ready")

    @app.post("/length")
    def length() -> dict[str, Any]:
        request = flask.request
        return {"length": len(request.get_data()), "declared": request.content_length}

    @app.get("/cookies")
    def cookies() -> flask.Response:
        response = flask.jsonify({})
        response.headers["Content-Length"] = "99"
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        response.headers["X-Name"] = "Zoë".encode().decode("latin-1")
        return response

    return app


def crash(_environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
    raise ZeroDivisionError("the toy failed")


def exit_(_environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
    raise SystemExit(3)


def bad_status(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    start("099 Panic", [])
    return [b"x"]


def echo(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    shown = {key: value for key, value in environ.items() if isinstance(value, (str, int, bool))}
    shown["body"] = environ["wsgi.input"].read().decode("latin-1")
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]


RAW = {"/crash": crash, "/exit": exit_, "/bad-status": bad_status}


@dataclass(frozen=True)
class WorkerFactory:
    options: Options
    draining: Draining

    def __call__(self) -> Worker:
        options = self.options
        report(event="load", pid=os.getpid())
        if options.fail:
            raise RuntimeError("the toy cannot be loaded")
        time.sleep(options.load_seconds)
        app, load = make_app(Path(options.folder), self.draining), WorkerLoad()
        app.add_url_rule("/load", view_func=lambda: {"in_flight": load.in_flight, "waiting": load.waiting("slow")})

        def wsgi(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            return (echo if path.startswith("/echo") else RAW.get(path, app))(environ, start)

        return Worker(
            wsgi=wsgi,
            request_class_of=lambda _method, path: "slow" if path.startswith("/slow") else "fast",
            thread_pools={
                "fast": ThreadPoolSize(1, 100),
                "slow": ThreadPoolSize(options.slow_threads, options.slow_backlog),
            },
            render_error=partial(render_error, Path(options.folder)),
            close=lambda: report(event="close", pid=os.getpid(), threads=sorted(t.name for t in threading.enumerate())),
            body_timeout=options.body_timeout,
            deadline=options.deadline,
            on_refused=lambda action, code, address: report(event="refused", refusal=[action, code, address]),
            client_addresses=ClientAddresses([options.proxy] if options.proxy else []),
            load=load,
        )


def listeners(port: int) -> int:
    """Count the sockets that listen on an IPv4 port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(line[1].endswith(f":{port:04X}") and line[3] == "0A" for line in lines)


def main(options: Options) -> None:
    draining = Draining()
    if options.files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (options.files, options.files))
    try:
        serve(
            WorkerFactory(options, draining),
            draining=draining,
            host=options.host,
            port=options.port,
            workers=options.workers,
            backlog=options.backlog,
            drain_delay=options.drain_delay,
            stop_timeout=options.stop_timeout,
            preload=["serving_marker"],
            on_started=lambda host, port: report(
                event="started", host=host, port=port, pid=os.getpid(), listeners=listeners(port)
            ),
            on_stopping=lambda: (report(event="stopping"), fail_if_requested(Path(options.folder), "stopping")),
        )
    except AddressInUse as error:
        report(event="refused", text=str(error))
        sys.exit(3)
    except WorkersFailed as error:
        report(event="failed", text=str(error))
        sys.exit(1)
    report(event="end")


if __name__ == "__main__":
    import multiprocessing

    chosen = Options(**json.loads(sys.argv[1]))
    multiprocessing.set_start_method(chosen.start_method)
    main(chosen)
