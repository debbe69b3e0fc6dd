"""An error of the file system says what the person can do, and at which part of the path."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hexaccount.kernel.files import exists, naming, reason_of, remedy_for
from tests.permissions import WITHOUT_RIGHTS

_OF_FORBIDDEN = """
import os, sys
from pathlib import Path
from hexaccount.kernel.files import remedy_for

for action in (lambda: Path("closed/file").read_text(), lambda: Path("secret").read_text(),
               lambda: Path("fixed/new").touch(), lambda: Path("fixed/old").write_text("x"),
               lambda: Path("foreign/file").read_text(), lambda: Path("link").read_text()):
    try:
        action()
    except OSError as error:
        print(remedy_for(error))
"""


def error_of(action: Callable[[], object]) -> OSError:
    with pytest.raises(OSError) as raised:  # noqa: PT011 - any of them
        action()
    return raised.value


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_missing_is_to_be_made(folder: Path) -> None:
    assert remedy_for(error_of(Path("file").read_text)) == f"make {folder}/file, or name another path"
    assert remedy_for(error_of(Path("a/b/file").touch)) == f"make the folder {folder}/a, or name another path"


def test_a_link_to_nothing_is_named_with_its_target(folder: Path) -> None:
    (folder / "volume").symlink_to("/nowhere/volume")
    expected = f"make /nowhere/volume, to which the link {folder}/volume points, or remove the link"
    for action in (Path("volume/file").read_text, Path("volume").mkdir, lambda: exists(folder / "volume")):
        assert remedy_for(error_of(action)) == expected


def test_what_is_of_the_wrong_kind_is_to_be_moved_away(folder: Path) -> None:
    (folder / "file").touch()
    (folder / "folder").mkdir()
    file = f"name another path, or move {folder}/file away, which is no folder"
    for action in (Path("file/inner").read_text, Path("file/inner/most").touch, lambda: Path("file").mkdir()):
        assert remedy_for(error_of(action)) == file
    expected = f"name another path, or move {folder}/folder away, which is a folder"
    assert remedy_for(error_of(Path("folder").read_text)) == expected


def test_who_may_do_what_is_said_of_the_part_that_forbids_it(folder: Path) -> None:
    for name in ("closed", "fixed", "foreign"):
        (folder / name).mkdir()
        (folder / name / "file").touch()
    (folder / "fixed" / "old").touch(0o400)
    (folder / "secret").touch(0o200)
    (folder / "link").symlink_to(folder / "closed" / "file")
    (folder / "closed").chmod(0o600)
    (folder / "fixed").chmod(0o500)
    me = os.geteuid()
    if me == 0:
        os.chown(folder / "foreign", 4242, 4242)
    (folder / "foreign").chmod(0)
    command = [*WITHOUT_RIGHTS, sys.executable, "-c", _OF_FORBIDDEN]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in ("closed", "fixed", "foreign"):
        (folder / name).chmod(0o700)
    owner = "which belongs to user 4242 (mode 0), or run this as that user" if me == 0 else "its mode is 0 (chmod)"
    assert found == [
        f"let user {me} enter {folder}/closed: its mode is 600 (chmod)",
        f"let user {me} read {folder}/secret: its mode is 200 (chmod)",
        f"let user {me} write {folder}/fixed: its mode is 500 (chmod)",
        f"let user {me} write {folder}/fixed/old: its mode is 400 (chmod)",
        f"let user {me} enter {folder}/foreign" + (", " if me == 0 else ": ") + owner,
        f"let user {me} enter {folder}/closed: its mode is 600 (chmod)",
    ]


def test_what_no_mode_forbids_is_forbidden_by_something_else(folder: Path) -> None:
    (folder / "file").touch(0o600)
    refused = OSError(errno.EPERM, "Operation not permitted", "file")
    assert (remedy_for(refused) or "").endswith(
        "its mode 600 does, but a mount option, an attribute (lsattr) or SELinux does not"
    )


def test_a_current_folder_that_was_removed_is_to_be_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for action in (Path("file").read_text, Path("file").touch, lambda: exists(Path("file")), Path.cwd):
        assert remedy_for(error_of(action)) == "change to another folder; the current one was removed"


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "free space"),
        (errno.EDQUOT, "its quota is used up"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EMFILE, "ulimit -n"),
        (errno.ENFILE, "fs.file-max"),
        (errno.EROFS, "mount the file system for writing"),
        (errno.ENAMETOOLONG, "a shorter name"),
        (errno.ELOOP, "in a circle"),
        (errno.EIO, "dmesg"),
        (errno.ESTALE, "mount the network file system again"),
    ],
)
def test_what_concerns_no_single_file_has_its_remedy(code: int, remedy: str) -> None:
    assert remedy in (remedy_for(OSError(code, os.strerror(code))) or "")


@pytest.mark.parametrize("code", [errno.ECONNREFUSED, errno.EPIPE, errno.EINVAL, errno.EADDRINUSE])
def test_an_error_of_something_else_than_files_is_left_alone(code: int) -> None:
    assert remedy_for(OSError(code, os.strerror(code))) is None


def test_an_error_without_a_file_gets_the_name_of_the_block() -> None:
    def write(filename: str | None) -> None:
        with naming("the archive"):
            raise OSError(errno.ENOSPC, "No space left on device", filename)

    assert reason_of(error_of(lambda: write(None))) == "the archive: No space left on device"
    assert reason_of(error_of(lambda: write("a file"))) == "a file: No space left on device"
