import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import click
import pytest

from hexaccount_click.cli import COMMANDS, cli
from tests.event_types import EVENT_TYPES
from tests.servers.processes import console_command, without_coverage

PRINT_HELP = """
import sys
from hexaccount_click.cli import cli
class Program:
    def close(self): pass
    def commands(self): return {}
try:
    cli([*sys.argv[1:], "--help"], obj=Program())
finally:
    print(*sys.modules, file=sys.stderr)
"""


def run_python(program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=without_coverage(), capture_output=True, text=True, check=True)


def test_help_imports_only_click_and_the_list_of_commands():
    finished = run_python(PRINT_HELP)
    assert finished.stdout.startswith("Usage: hexaccount ")
    # The finder of an editable installation imports modules before any program starts.
    modules = set(finished.stderr.split()) - set(run_python("import sys; print(*sys.modules)").stdout.split())
    ours = {"hexaccount_click", "hexaccount_click.cli", "hexaccount_click.program"}
    assert {name for name in modules if name.startswith("hexaccount")} == ours
    assert not modules & {"json", "dataclasses", "logging", "pathlib", "importlib.metadata"}


def test_the_help_of_events_imports_no_other_capability_for_the_list_of_types():
    finished = run_python(PRINT_HELP, "events", "list")
    assert "--type TYPE" in finished.stdout
    assert "hexaccount.accounts" in finished.stderr.split()
    assert not {"hexaccount.sessions", "hexaccount.bootstrap"} & set(finished.stderr.split())


def test_a_new_process_knows_the_event_types_of_all_capabilities(tmp_path):
    def run(*arguments):
        command = [*console_command("hexaccount"), "events", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=without_coverage(), capture_output=True, text=True, check=False
        )

    unknown = run("list", "ada", "--type", "hexaccount.session.vanished.v1")
    assert unknown.returncode == 2
    assert [event_type for event_type in EVENT_TYPES if f"'{event_type}'" not in unknown.stderr] == []
    for command in (["list", "ada"], ["replay", "profiles"]):
        known = run(*command, "--type", "hexaccount.session.opened.v1")
        assert (known.returncode, "there is no database" in known.stderr) == (3, True)


def test_the_list_of_commands_has_the_help_texts_of_the_commands():
    context = click.Context(cli)
    for name, (_, short_help) in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.get_short_help_str(limit=80) == short_help


def test_every_command_and_option_has_a_help_text():
    def walk(command, context):
        assert command.help
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or parameter.help, f"{command.name} {parameter.name}"
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                walk(command.get_command(context, name), context)

    walk(cli, click.Context(cli))


def test_the_version_is_that_of_the_installed_package(run):
    try:
        expected = f"hexaccount {version('hexaccount')}\n"
    except PackageNotFoundError:
        expected = "hexaccount (unknown version: the package is not installed)\n"
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, expected)


def test_without_standalone_mode_exceptions_are_raised(program):
    assert cli.main(["users", "list"], obj=program, standalone_mode=False) is None
    program.open_error = ValueError("for the caller")
    with pytest.raises(ValueError, match="for the caller"):
        cli.main(["users", "list"], obj=program, standalone_mode=False)
