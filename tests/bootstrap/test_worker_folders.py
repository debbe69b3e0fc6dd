"""Workers share files in a temporary folder: where there is none, the remedy is named."""

import tempfile
from pathlib import Path

import pytest

from hexaccount.bootstrap import serving
from hexaccount_click.program import Unavailable


def test_a_machine_without_a_temporary_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "missing")])
    refused = pytest.raises(
        Unavailable, match=r"^let this user write in /tmp, or set TMPDIR to a folder where it may; "
    )
    with refused, serving._worker_folders():
        pass
