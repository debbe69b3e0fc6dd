"""Wraps the interfaces by which tests run commands, and searches the output."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from hexaccount.bootstrap.key_file import KEY_FILE
from tests.canary.watch import WATCH
from tests.servers.processes import RunningCommand


def watch_command_line(invoke: Callable[..., Any]) -> Callable[..., Any]:
    def invoked(runner: CliRunner, *given: Any, **more: Any) -> Any:
        result = invoke(runner, *given, **more)
        WATCH.inspect_output("the command line", result.stderr)
        return result

    return invoked


def watch_settings_of_processes(init: Callable[..., None]) -> Callable[..., None]:
    def started(popen: Any, args: Any, *rest: Any, env: Mapping[str, str] | None = None, **more: Any) -> None:
        if env:
            WATCH.secrets.learn_document({name: env[name] for name in env if name.startswith("HEXACCOUNT_")})
        init(popen, args, *rest, env=env, **more)

    return started


def watch_captured_output(communicate: Callable[..., Any]) -> Callable[..., Any]:
    def communicated(popen: Any, given: Any = None, timeout: float | None = None) -> Any:
        if given and "--password-stdin" in popen.args:
            text = given.decode(errors="replace") if isinstance(given, bytes) else given
            WATCH.secrets.learn("a password from standard input", text.partition("\n")[0])
        output, errors = communicate(popen, given, timeout)
        if errors:
            text = errors.decode(errors="replace") if isinstance(errors, bytes) else errors
            WATCH.inspect_output(_name_of(popen.args), text)
        return output, errors

    return communicated


def watch_running_commands(leave: Callable[..., None]) -> Callable[..., None]:
    def left(command: RunningCommand, *error: Any) -> None:
        leave(command, *error)
        with suppress(OSError, UnicodeDecodeError):
            WATCH.secrets.learn("the signing key in a file", (command._output.parent / KEY_FILE).read_text().strip())
        with suppress(OSError):
            WATCH.inspect_output(_name_of(command._argv), command.output)

    return left


def _name_of(args: Any) -> str:
    words = [args] if isinstance(args, str | bytes | Path) else list(args)
    return Path(str(words[0])).name
