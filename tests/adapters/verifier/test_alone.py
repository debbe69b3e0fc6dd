"""The verifier works in a process without the other packages of hexaccount."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jwt

import hexaccount_verifier
from tests.adapters.security.forgeries import CLAIMS, KEY, TOKEN

CHECK = """
import json, sys
from datetime import datetime, timezone
from hexaccount_verifier import TokenVerifier
verifier = TokenVerifier(
    sys.argv[1], issuer="https://accounts.example", audience="https://api.example",
    now=lambda: datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc),
)
print(json.dumps([str(verifier.verify(sys.argv[2]).user_id), sorted(sys.modules)]))
"""


def test_a_copy_of_the_package_verifies_tokens_alone(tmp_path: Path) -> None:
    package = Path(hexaccount_verifier.__file__).parent
    shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    libraries = Path(jwt.__file__).parents[1]
    finder = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; sys.path.append({str(libraries)!r})\n"
    # -S: no site-packages, and so no editable installation of hexaccount.
    program = [sys.executable, "-I", "-S", "-c", finder + CHECK, KEY.decode(), TOKEN]
    user_id, modules = json.loads(subprocess.check_output(program, cwd=tmp_path, text=True, timeout=60))
    assert user_id == str(CLAIMS.user_id)
    assert {name.partition(".")[0] for name in modules if name.startswith("hexaccount")} == {"hexaccount_verifier"}
    assert "msgspec" not in modules
