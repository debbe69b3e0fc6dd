import subprocess
import sys

from benchmarks.processor import processor_seconds

_SPEND = "import time\nwhile time.process_time() < 0.3: pass"
_PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_SPEND!r}]); print(flush=True); input()"


def test_the_time_of_children_that_have_ended_counts() -> None:
    command = [sys.executable, "-c", _PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        parent.stdout.readline()
        assert processor_seconds(parent.pid) >= 0.3
        parent.communicate(b"\n")
