"""A toy service for the tests: run as a script it serves itself, its settings one JSON argument, its news on stdout.

Everything that its requests do is steered by files in one folder, so that no test has to guess at times.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import flask

from hexaccount_granian import AddressInUse, Draining, LaneSize, Pressure, Worker, WorkersFailed, serve


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
    start_method: str = "fork"


def tell(**news: Any) -> None:
    # One write, so that lines of several processes do not mix.
    os.write(1, (json.dumps(news) + "\n").encode())


def breaks_if_asked(folder: Path, what: str) -> None:
    if (folder / f"break-{what}").exists():
        raise RuntimeError(f"the {what} is broken")


def refuse(folder: Path, status: int, code: str, detail: str) -> tuple[list[tuple[str, str]], bytes]:
    breaks_if_asked(folder, "refusal")
    body = json.dumps({"status": status, "code": code, "detail": detail}).encode()
    return [("content-type", "application/problem+json")], body


def held(folder: Path, name: str) -> dict[str, Any]:
    """Say that a request is being worked on, and work until the test says it is done."""
    (folder / f"begun-{name}").touch()
    deadline = time.monotonic() + 60
    while not (folder / f"release-{name}").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    return {"held": name}


def make_app(folder: Path, draining: Draining) -> flask.Flask:
    app = flask.Flask("toy")
    app.add_url_rule("/quick", view_func=lambda: {"pid": os.getpid()}, endpoint="quick", methods=["GET", "POST"])
    app.add_url_rule("/slow/<name>", view_func=lambda name: held(folder, name), endpoint="slow")
    app.add_url_rule("/ready", view_func=lambda: ({}, 503 if draining.is_set() else 200), endpoint="ready")

    @app.post("/length")
    def length() -> dict[str, Any]:
        request = flask.request
        return {"length": len(request.get_data()), "declared": request.content_length}

    @app.get("/cookies")
    def cookies() -> flask.Response:
        answer = flask.jsonify({})
        answer.headers["Content-Length"] = "99"
        answer.set_cookie("a", "1")
        answer.set_cookie("b", "2")
        answer.headers["X-Name"] = "Zoë".encode().decode("latin-1")
        return answer

    return app


def crash(_environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
    raise ZeroDivisionError("the toy broke")


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
class Load:
    options: Options
    draining: Draining

    def __call__(self) -> Worker:
        options = self.options
        tell(event="load", pid=os.getpid())
        if options.fail:
            raise RuntimeError("the toy cannot be loaded")
        time.sleep(options.load_seconds)
        app, pressure = make_app(Path(options.folder), self.draining), Pressure()
        app.add_url_rule(
            "/pressure", view_func=lambda: {"in_flight": pressure.in_flight, "waiting": pressure.waiting("slow")}
        )

        def wsgi(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            return (echo if path.startswith("/echo") else RAW.get(path, app))(environ, start)

        return Worker(
            wsgi=wsgi,
            lane_of=lambda _method, path: "slow" if path.startswith("/slow") else "quick",
            lanes={"quick": LaneSize(1, 100), "slow": LaneSize(options.slow_threads, options.slow_backlog)},
            refusal=partial(refuse, Path(options.folder)),
            close=lambda: tell(event="close", pid=os.getpid(), threads=sorted(t.name for t in threading.enumerate())),
            body_timeout=options.body_timeout,
            deadline=options.deadline,
            pressure=pressure,
        )


def listeners(port: int) -> int:
    """Count the sockets that listen on a port of IPv4."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(line[1].endswith(f":{port:04X}") and line[3] == "0A" for line in lines)


def main(options: Options) -> None:
    draining = Draining()
    try:
        serve(
            Load(options, draining),
            draining=draining,
            host=options.host,
            port=options.port,
            workers=options.workers,
            backlog=options.backlog,
            drain_delay=options.drain_delay,
            stop_timeout=options.stop_timeout,
            preload=["herald"],
            on_started=lambda host, port: tell(
                event="started", host=host, port=port, pid=os.getpid(), listeners=listeners(port)
            ),
            on_stopping=lambda: (tell(event="stopping"), breaks_if_asked(Path(options.folder), "stopping")),
        )
    except AddressInUse as error:
        tell(event="refused", text=str(error))
        sys.exit(3)
    except WorkersFailed as error:
        tell(event="failed", text=str(error))
        sys.exit(1)
    tell(event="end")


if __name__ == "__main__":
    import multiprocessing

    chosen = Options(**json.loads(sys.argv[1]))
    multiprocessing.set_start_method(chosen.start_method)
    main(chosen)
