import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from subprocess import PIPE

import click
import pytest

from hexaccount_click.cli import COMMANDS, cli
from tests.driving.cli.memory_program import COMMAND, ROOT
from tests.servers.processes import without_coverage

PRINT_HELP = """
import sys
from hexaccount_click.cli import cli
class Program:
    def close(self): pass
try:
    cli(["--help"], obj=Program())
finally:
    print(*sys.modules, file=sys.stderr)
"""


def test_help_imports_only_click_and_the_list_of_commands():
    def run(program):
        command = [sys.executable, "-c", program]
        return subprocess.run(command, env=without_coverage(), capture_output=True, text=True, check=True)

    finished = run(PRINT_HELP)
    assert finished.stdout.startswith("Usage: hexaccount ")
    # The finder of an editable installation imports modules before any program starts.
    modules = set(finished.stderr.split()) - set(run("import sys; print(*sys.modules)").stdout.split())
    assert {name for name in modules if name.startswith("hexaccount")} == {"hexaccount_click", "hexaccount_click.cli"}
    assert not modules & {"json", "dataclasses", "logging", "pathlib", "importlib.metadata"}


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


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_pipe_ends_the_command_silently(unbuffered):
    command, env = [*COMMAND, "config", "show"], {**without_coverage(), "PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=PIPE, stderr=PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 141


@pytest.mark.parametrize("arguments", [["--help"], ["config", "show"]])
def test_a_full_disk_is_reported_as_such(arguments):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=ROOT, env=without_coverage(), stdout=full, stderr=PIPE, text=True, check=False
        )
    assert done.returncode == 3
    assert done.stderr.endswith("the disk is full\n")
