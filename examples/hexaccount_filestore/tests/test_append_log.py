import resource
import subprocess
import sys
from pathlib import Path

import pytest

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.store import SchemaMismatch
from hexaccount_filestore.append_log import AppendLog, create

RECORDS = [b"one", b"two two", b"three three three"]
OPEN = """
import sys
from pathlib import Path
from hexaccount_filestore.append_log import AppendLog
AppendLog(Path(sys.argv[1]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.journal"
    create(path)
    append(path, *RECORDS)
    return path


def append(path: Path, *records: bytes) -> None:
    file = AppendLog(path)
    try:
        for record in records:
            file.append(record)
    finally:
        file.close()


def records_of(path: Path) -> list[bytes]:
    file = AppendLog(path)
    file.close()
    return file.records


def test_records_are_read_in_order(path: Path) -> None:
    assert records_of(path) == RECORDS


def test_an_existing_file_is_kept(path: Path) -> None:
    create(path)
    assert records_of(path) == RECORDS
    assert list(path.parent.iterdir()) == [path]


def test_only_its_owner_can_read_it(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_record_torn_at_any_byte_is_truncated_and_replaced_by_the_next(path: Path) -> None:
    whole = path.read_bytes()
    last = len(RECORDS[-1]) + 8
    for lost in range(1, last + 1):
        path.write_bytes(whole[:-lost])
        append(path, b"next")
        assert records_of(path) == [*RECORDS[:-1], b"next"], f"{lost} bytes were lost"


def test_a_last_record_that_reached_the_disk_in_part_is_truncated(path: Path) -> None:
    whole = path.read_bytes()
    for torn in (whole[:-5] + bytes(5), whole + bytes(64)):
        path.write_bytes(torn)
        assert records_of(path) == RECORDS[: 2 if torn[-64:] != bytes(64) else 3]


def test_damage_before_the_last_record_is_reported_and_nothing_is_truncated(path: Path) -> None:
    damaged = path.read_bytes().replace(b"two two", b"two 2wo")
    path.write_bytes(damaged)
    with pytest.raises(StoreUnavailable, match="damaged at byte"):
        AppendLog(path)
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("content", [None, b"", b"SQLite format 3\x00"])
def test_a_file_of_another_format_is_a_schema_mismatch(path: Path, content: bytes | None) -> None:
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SchemaMismatch):
        AppendLog(path)


def test_another_process_is_refused_while_the_file_is_open(path: Path) -> None:
    command = [sys.executable, "-c", OPEN, path]
    file = AppendLog(path)
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    file.close()
    assert "is open in another process" in refused.stderr
    assert subprocess.run(command, timeout=60, check=False).returncode == 0


def test_after_a_failed_write_nothing_is_written_until_the_file_is_opened_again(path: Path) -> None:
    file = AppendLog(path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
    try:
        with pytest.raises(StoreUnavailable):
            file.append(b"more than there is room for")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with pytest.raises(StoreUnavailable):
        file.append(b"small")
    file.close()
    assert records_of(path) == RECORDS
