"""The extension, built with AddressSanitizer and UndefinedBehaviorSanitizer, under random calls."""

import os
import random
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.processes import without_coverage

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "adapters/hexaccount_security"
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
CALLS = 400


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that builds the extension, after replacing a text of it."""

    def build(old: str = "", new: str = "") -> Path:
        source = (SOURCES / "interleaved_bcrypt.c").read_text(encoding="utf-8")
        assert old in source
        (tmp_path / "interleaved_bcrypt.c").write_text(source.replace(old, new) if old else source, encoding="utf-8")
        shutil.copy(SOURCES / "blowfish_digits.h", tmp_path)
        built = tmp_path / "_interleaved_bcrypt.so"
        warnings = ["-Wall", "-Wextra", "-Wshadow", "-Werror"]
        include = sysconfig.get_path("include")
        flags = ["-O1", "-g", "-shared", "-fPIC", "-DPy_LIMITED_API=0x030B0000", f"-I{include}", *warnings]
        command = ["gcc", *flags, *SANITIZERS, "interleaved_bcrypt.c", "-o", str(built)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return built

    return build


def fuzz(extension: Path, calls: int, seed: int) -> subprocess.CompletedProcess[str]:
    library = subprocess.check_output(["gcc", "-print-file-name=libasan.so"], text=True).strip()
    environment = {
        **without_coverage(),
        "LD_PRELOAD": library,
        # Python frees nothing at its end, and its own allocator would hide what lies beyond an object.
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "adapters"))),
    }
    command = [sys.executable, "-m", "tests.adapters.security.fuzz_interleaved_bcrypt"]
    command += [str(extension), str(seed), str(calls)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.long
def test_random_calls_break_no_rule_of_memory_or_c(build: Callable[..., Path]) -> None:
    done = fuzz(build(), CALLS, seed=random.randrange(2**32))
    assert done.returncode == 0, (done.args, done.stdout + done.stderr)
    accepted = re.fullmatch(rf"accepted (\d+) of {CALLS}\n", done.stdout)
    assert accepted is not None
    assert CALLS // 3 < int(accepted[1]) < CALLS


@pytest.mark.long
@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("bytes[n % (length + 1)]", "bytes[n]", "heap-buffer-overflow"),
        ("lane->salt[n / 4] << 8", "(uint32_t)((int)lane->salt[n / 4] << 8 << 30 << 2)", "runtime error: "),
    ],
)
def test_planted_faults_are_found(build: Callable[..., Path], old: str, new: str, found: str) -> None:
    # Not a random seed: if the first wrong hash is of an empty password, only memory of Python is read.
    done = fuzz(build(old, new), 20, seed=1)
    assert done.returncode != 0
    assert found in done.stderr
