"""Fails every test in which a password, a hash, a token or a key is told to those who should not know it.

It stands at the borders that tests use: the bus, the loggers, the lines of the log, the recorder of events, collectors
of traces, HTTP clients, and the processes that are run. A secret is what crosses a border as one: a field that a
message hides, a JSON member of such a name, a setting of such a name. Nothing of the service is changed; what it does
is looked at on its way.
"""

import json
import logging
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner
from flask.testing import FlaskClient
from google.protobuf.json_format import MessageToJson

from hexaccount.bootstrap.key_file import KEY_FILE
from hexaccount.bootstrap.service import Service
from hexaccount.kernel.bus import Bus
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_structlog import LineStream
from tests.borders import Borders
from tests.canary.watch import Watch
from tests.servers.otlp import OtlpReceiver
from tests.servers.processes import RunningCommand

WATCH = Watch()


def _see_messages(handle: Callable[..., Any]) -> Callable[..., Any]:
    def handled(bus: Bus, message: Any) -> Any:
        WATCH.secrets.learn_hidden_fields(message)
        answer = handle(bus, message)
        WATCH.secrets.learn_hidden_fields(answer)
        return answer

    return handled


def _see_keys(init: Callable[..., None]) -> Callable[..., None]:
    def opened(service: Service, settings: Any, *rest: Any, **more: Any) -> None:
        if settings.jwt.key:
            WATCH.secrets.learn("jwt.key", settings.jwt.key)
        init(service, settings, *rest, **more)

    return opened


def _see_events(entries: Callable[..., Any]) -> Callable[..., Any]:
    def made(recorder: EventRecorder, *given: Any, **more: Any) -> Any:
        found = entries(recorder, *given, **more)
        for entry in found:
            WATCH.look_at_event(entry)
        return found

    return made


def _is_on_at_debug(logger: logging.Logger, level: int) -> bool:
    """Tell whether a record of `level` would be made if the root logger were at DEBUG."""
    if logger.disabled or logger.manager.disable >= level or level < logging.DEBUG:
        return False
    at: logging.Logger | None = logger
    while at is not None and at.parent is not None:
        if at.level:
            return level >= at.level
        at = at.parent
    return True


def _make_all_records(is_enabled_for: Callable[..., bool]) -> Callable[..., bool]:
    def enabled(logger: logging.Logger, level: int) -> bool:
        return is_enabled_for(logger, level) or _is_on_at_debug(logger, level)

    return enabled


def _see_records(handle: Callable[..., None]) -> Callable[..., None]:
    def handled(logger: logging.Logger, record: logging.LogRecord) -> None:
        WATCH.look_at_record(record)
        made_for_us = _is_on_at_debug(logger, record.levelno) and record.levelno < logger.getEffectiveLevel()
        if not made_for_us:
            handle(logger, record)

    return handled


def _see_lines(write: Callable[..., None]) -> Callable[..., None]:
    def written(stream: LineStream, line: bytes) -> None:
        WATCH.look_at_line(line)
        write(stream, line)

    return written


def _see_spans(take: Callable[..., None]) -> Callable[..., None]:
    def taken(receiver: OtlpReceiver, request: Any) -> None:
        WATCH.look_at_spans(MessageToJson(request, ensure_ascii=False))
        take(receiver, request)

    return taken


def _see_client(open_: Callable[..., Any]) -> Callable[..., Any]:
    def opened(client: FlaskClient, *given: Any, **more: Any) -> Any:
        answer = open_(client, *given, **more)
        _look_at(answer.request.method, answer.request.path, answer.status_code, answer.get_data)
        return answer

    return opened


def _see_requests(send: Callable[..., Any]) -> Callable[..., Any]:
    def sent(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
        _learn_json(request.body)
        answer = send(session, request, **more)
        if answer.ok and "json" in answer.headers.get("Content-Type", ""):
            _learn_json(answer.content)
        path = urlsplit(str(request.url)).path
        _look_at(str(request.method), path, answer.status_code, lambda: answer.content)
        return answer

    return sent


def _look_at(method: str, path: str, status: int, body: Callable[[], bytes]) -> None:
    if status >= 400 or path == "/metrics":
        WATCH.look_at_answer(method, path, status, body())


def _learn_json(body: str | bytes | None) -> None:
    with suppress(ValueError):
        WATCH.secrets.learn_document(json.loads(body or "null"))


def _see_command_line(invoke: Callable[..., Any]) -> Callable[..., Any]:
    def invoked(runner: CliRunner, *given: Any, **more: Any) -> Any:
        result = invoke(runner, *given, **more)
        WATCH.look_at_output("the command line", result.stderr)
        return result

    return invoked


def _see_settings_of_processes(init: Callable[..., None]) -> Callable[..., None]:
    def started(popen: Any, args: Any, *rest: Any, env: Mapping[str, str] | None = None, **more: Any) -> None:
        if env:
            WATCH.secrets.learn_document({name: env[name] for name in env if name.startswith("HEXACCOUNT_")})
        init(popen, args, *rest, env=env, **more)

    return started


def _see_captured_output(communicate: Callable[..., Any]) -> Callable[..., Any]:
    def communicated(popen: Any, given: Any = None, timeout: float | None = None) -> Any:
        if given and "--password-stdin" in popen.args:
            text = given.decode(errors="replace") if isinstance(given, bytes) else given
            WATCH.secrets.learn("a password from standard input", text.partition("\n")[0])
        output, errors = communicate(popen, given, timeout)
        if errors:
            text = errors.decode(errors="replace") if isinstance(errors, bytes) else errors
            WATCH.look_at_output(_name_of(popen.args), text)
        return output, errors

    return communicated


def _see_running_commands(leave: Callable[..., None]) -> Callable[..., None]:
    def left(command: RunningCommand, *error: Any) -> None:
        leave(command, *error)
        with suppress(OSError, UnicodeDecodeError):
            WATCH.secrets.learn("the signing key in a file", (command._output.parent / KEY_FILE).read_text().strip())
        with suppress(OSError):
            WATCH.look_at_output(_name_of(command._argv), command.output)

    return left


def _name_of(args: Any) -> str:
    words = [args] if isinstance(args, str | bytes | Path) else list(args)
    return Path(str(words[0])).name


_BORDERS = Borders(
    [
        (Bus, "handle", _see_messages),
        (Service, "__init__", _see_keys),
        (EventRecorder, "entries", _see_events),
        (logging.Logger, "isEnabledFor", _make_all_records),
        (logging.Logger, "handle", _see_records),
        (LineStream, "write", _see_lines),
        (OtlpReceiver, "take", _see_spans),
        (FlaskClient, "open", _see_client),
        (requests.Session, "send", _see_requests),
        (CliRunner, "invoke", _see_command_line),
        (subprocess.Popen, "__init__", _see_settings_of_processes),
        (subprocess.Popen, "communicate", _see_captured_output),
        (RunningCommand, "__exit__", _see_running_commands),
    ]
)
_LATE = pytest.StashKey[list[str]]()
_COUNTS = pytest.StashKey[Counter[str]]()


def pytest_configure() -> None:
    _BORDERS.watch()


def pytest_unconfigure() -> None:
    _BORDERS.leave()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    # After the fixtures are gone, so that what their ends tell is seen too.
    try:
        return (yield)
    finally:
        if leaks := WATCH.take_leaks():
            pytest.fail("the canary died:\n" + "\n".join(f"  {leak}" for leak in leaks), pytrace=False)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    late = WATCH.take_leaks()
    session.config.stash.setdefault(_LATE, []).extend(late)
    counts = Counter({"secrets known": len(WATCH.secrets), **WATCH.looked_through})
    session.config.stash.setdefault(_COUNTS, Counter()).update(counts)
    # A process of pytest-xdist tells them to the one that sums up.
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["canary"] = {"late": late, "counts": dict(counts)}
    if session.config.stash[_LATE]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take in what a process of pytest-xdist has found."""
    told = getattr(node, "workeroutput", {}).get("canary", {"late": [], "counts": {}})
    stash = node.config.stash
    stash.setdefault(_LATE, []).extend(told["late"])
    stash.setdefault(_COUNTS, Counter()).update(told["counts"])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for leak in config.stash.get(_LATE, []):
        terminalreporter.write_line(f"the canary died after the last test: {leak}", red=True)
    counts = ", ".join(f"{count} {what}" for what, count in sorted(config.stash.get(_COUNTS, Counter()).items()))
    terminalreporter.write_line(f"canary: looked through {counts or 'nothing'}")
