"""Fails every test in which a password, a hash, a token or a key leaks.

It wraps the interfaces that tests use: the bus, the loggers, the log stream, the event recorder, trace collectors, HTTP
clients and processes. It learns secrets from fields that messages hide, and from JSON members and settings that have
names of secrets. It changes nothing that the service does.
"""

import json
import logging
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner
from flask.testing import FlaskClient
from google.protobuf.json_format import MessageToJson

from hexaccount.bootstrap.service import Service
from hexaccount.kernel.bus import MessageBus
from hexaccount.mail.one_time_token import OneTimeToken
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_structlog import LineStream
from tests.canary.processes import (
    watch_captured_output,
    watch_command_line,
    watch_running_commands,
    watch_settings_of_processes,
)
from tests.canary.watch import WATCH
from tests.method_patches import MethodPatches
from tests.run_checks import add_counts, add_faults
from tests.servers.otlp import OtlpReceiver
from tests.servers.processes import RunningCommand


def _watch_messages(handle: Callable[..., Any]) -> Callable[..., Any]:
    def handled(bus: MessageBus, message: Any) -> Any:
        WATCH.secrets.learn_hidden_fields(message)
        answer = handle(bus, message)
        WATCH.secrets.learn_hidden_fields(answer)
        return answer

    return handled


def _watch_keys(init: Callable[..., None]) -> Callable[..., None]:
    def opened(service: Service, settings: Any, *rest: Any, **more: Any) -> None:
        if settings.jwt.key:
            WATCH.secrets.learn("jwt.key", settings.jwt.key)
        init(service, settings, *rest, **more)

    return opened


def _watch_events(entries: Callable[..., Any]) -> Callable[..., Any]:
    def recorded(recorder: EventRecorder, *given: Any, **more: Any) -> Any:
        found = entries(recorder, *given, **more)
        for entry in found:
            WATCH.inspect_event(entry)
        return found

    return recorded


def _watch_one_time_tokens(issue: Callable[..., str]) -> Callable[..., str]:
    def issued(token: OneTimeToken, *given: Any, **more: Any) -> str:
        text = issue(token, *given, **more)
        WATCH.secrets.learn("a one-time token", text)
        return text

    return issued


def _is_on_at_debug(logger: logging.Logger, level: int) -> bool:
    """Return whether a record of `level` would be created if the root logger were at DEBUG."""
    if logger.disabled or logger.manager.disable >= level or level < logging.DEBUG:
        return False
    at: logging.Logger | None = logger
    while at is not None and at.parent is not None:
        if at.level:
            return level >= at.level
        at = at.parent
    return True


def _create_all_records(is_enabled_for: Callable[..., bool]) -> Callable[..., bool]:
    def enabled(logger: logging.Logger, level: int) -> bool:
        return is_enabled_for(logger, level) or _is_on_at_debug(logger, level)

    return enabled


def _watch_records(handle: Callable[..., None]) -> Callable[..., None]:
    def handled(logger: logging.Logger, record: logging.LogRecord) -> None:
        WATCH.inspect_record(record)
        only_for_canary = _is_on_at_debug(logger, record.levelno) and record.levelno < logger.getEffectiveLevel()
        if not only_for_canary:
            handle(logger, record)

    return handled


def _watch_lines(write: Callable[..., None]) -> Callable[..., None]:
    def written(stream: LineStream, line: bytes) -> None:
        WATCH.inspect_line(line)
        write(stream, line)

    return written


def _watch_spans(receive: Callable[..., None]) -> Callable[..., None]:
    def received(receiver: OtlpReceiver, request: Any) -> None:
        WATCH.inspect_spans(MessageToJson(request, ensure_ascii=False))
        receive(receiver, request)

    return received


def _watch_client(open_: Callable[..., Any]) -> Callable[..., Any]:
    def opened(client: FlaskClient, *given: Any, **more: Any) -> Any:
        answer = open_(client, *given, **more)
        _inspect_response(answer.request.method, answer.request.path, answer.status_code, answer.get_data)
        return answer

    return opened


def _watch_requests(send: Callable[..., Any]) -> Callable[..., Any]:
    def sent(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
        _learn_json(request.body)
        answer = send(session, request, **more)
        if answer.ok and "json" in answer.headers.get("Content-Type", ""):
            _learn_json(answer.content)
        path = urlsplit(str(request.url)).path
        _inspect_response(str(request.method), path, answer.status_code, lambda: answer.content)
        return answer

    return sent


def _inspect_response(method: str, path: str, status: int, body: Callable[[], bytes]) -> None:
    if status >= 400 or path == "/metrics":
        WATCH.inspect_answer(method, path, status, body())


def _learn_json(body: str | bytes | None) -> None:
    with suppress(ValueError):
        WATCH.secrets.learn_document(json.loads(body or "null"))


_PATCHES = MethodPatches(
    [
        (MessageBus, "handle", _watch_messages),
        (Service, "__init__", _watch_keys),
        (EventRecorder, "entries", _watch_events),
        (OneTimeToken, "issue", _watch_one_time_tokens),
        (logging.Logger, "isEnabledFor", _create_all_records),
        (logging.Logger, "handle", _watch_records),
        (LineStream, "write", _watch_lines),
        (OtlpReceiver, "receive", _watch_spans),
        (FlaskClient, "open", _watch_client),
        (requests.Session, "send", _watch_requests),
        (CliRunner, "invoke", watch_command_line),
        (subprocess.Popen, "__init__", watch_settings_of_processes),
        (subprocess.Popen, "communicate", watch_captured_output),
        (RunningCommand, "__exit__", watch_running_commands),
    ]
)


def pytest_configure() -> None:
    _PATCHES.apply()


def pytest_unconfigure() -> None:
    _PATCHES.undo()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    # After the teardown of the fixtures, so that their output is checked too.
    try:
        return (yield)
    finally:
        if leaks := WATCH.take_leaks():
            pytest.fail("secrets leaked:\n" + "\n".join(f"  {leak}" for leak in leaks), pytrace=False)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    add_counts(session.config, Counter({"secrets known": len(WATCH.secrets), **WATCH.inspected}))
    add_faults(session.config, [f"secrets leaked: {leak}" for leak in WATCH.take_leaks()])
