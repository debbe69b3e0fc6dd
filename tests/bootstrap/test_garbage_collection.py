"""Imports make what stays, so that no process looks for garbage among it: while it starts, and later."""

import json
import subprocess
import sys

from tests.servers.processes import without_coverage

START = """
import gc, json
import hexaccount_click.cli
from hexaccount.bootstrap import console
from hexaccount.bootstrap.program import SettingsProgram

def begin(obj):
    states.append(gc.isenabled())
    obj.configure(None)
    states.append(gc.isenabled())

states = [gc.isenabled()]
hexaccount_click.cli.cli = begin
console.main()
print(json.dumps([states, gc.get_freeze_count(), len(gc.get_objects())]))
"""


def test_garbage_is_collected_after_the_imports_and_not_among_what_they_made(tmp_path) -> None:
    program = [sys.executable, "-c", START]
    output = subprocess.check_output(program, cwd=tmp_path, env=without_coverage(), text=True, timeout=60)
    states, frozen, watched = json.loads(output)
    assert states == [True, False, True]
    assert frozen > 20 * watched
