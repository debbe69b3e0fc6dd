"""Imports make what stays, so that no process looks for garbage among it: while it starts, and later."""

import json
import subprocess
import sys

import pytest

from tests.servers.processes import without_coverage

START = """
import gc, json, os, signal, sys
import hexaccount_click.cli
from hexaccount.bootstrap import console

def see(line="listening"):
    if line.startswith("listening"):
        seen.extend([gc.isenabled(), gc.get_freeze_count(), len(gc.get_objects())])
        os.kill(os.getpid(), signal.SIGTERM)

def begin(obj):
    obj.configure(None)
    seen.append(gc.isenabled())
    if sys.argv[1] == "serve":
        obj.serve(host="127.0.0.1", port=0, workers=1, echo=see)
    else:
        getattr(obj, sys.argv[1])()
        see()

seen = []
hexaccount_click.cli.cli = begin
console.main()
print(json.dumps(seen))
"""


def see_garbage_collection(work: str, folder) -> list[int]:
    program = [sys.executable, "-c", START, work]
    return json.loads(subprocess.check_output(program, cwd=folder, env=without_coverage(), text=True, timeout=60))


@pytest.mark.parametrize("work", ["bus", "serve"])
def test_garbage_is_collected_after_the_imports_and_not_among_what_they_made(work: str, tmp_path) -> None:
    migrating, migrated, *_ = see_garbage_collection("migrate", tmp_path)
    starting, started, frozen, watched = see_garbage_collection(work, tmp_path)
    assert (migrating, migrated, starting, started) == (False, True, False, True)
    assert frozen > 20 * watched
