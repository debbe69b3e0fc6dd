import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hexaccount.bootstrap.key_file import make_data_directory, make_key_file, root_key_of, signing_key
from hexaccount.bootstrap.settings import JwtSettings, Settings, SettingsError
from tests.signing_key import SIGNING_KEY

SQLITE = Settings(store="sqlite:///hexaccount-data/hexaccount.db")
KEY_FILE = Path("hexaccount-data/jwt.key")


pytestmark = pytest.mark.usefixtures("folder")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_read_the_key_and_its_directory(umask: int) -> None:
    before = os.umask(umask)
    try:
        assert make_key_file() == KEY_FILE
    finally:
        os.umask(before)
    assert (mode_of(KEY_FILE), mode_of(KEY_FILE.parent)) == (0o600, 0o700)
    assert [file.name for file in KEY_FILE.parent.iterdir()] == ["jwt.key"]


def test_an_existing_key_is_not_replaced() -> None:
    make_key_file()
    key = KEY_FILE.read_text()
    assert make_key_file() is None
    assert KEY_FILE.read_text() == key
    assert [file.name for file in KEY_FILE.parent.iterdir()] == ["jwt.key"]


def test_the_created_key_is_the_signing_key_and_long_enough() -> None:
    make_key_file()
    key = signing_key(SQLITE)
    assert len(key) >= 32
    assert key == signing_key(SQLITE) == KEY_FILE.read_bytes().strip()


def test_created_keys_differ() -> None:
    make_key_file()
    first = KEY_FILE.read_text()
    KEY_FILE.unlink()
    make_key_file()
    assert KEY_FILE.read_text() != first


def test_one_of_several_racing_processes_creates_the_key_and_all_use_it() -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from hexaccount.bootstrap.key_file import make_key_file, signing_key, KEY_FILE\n"
        "from hexaccount.bootstrap.settings import Settings\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "made = make_key_file(); print(made is not None, signing_key(Settings()).decode())"
    )
    racers = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = [racer.communicate(timeout=30)[0].split() for racer in racers]
    assert sorted(made for made, _ in answers) == ["False", "False", "False", "True"]
    assert {key for _, key in answers} == {KEY_FILE.read_text().strip()}


def test_the_first_of_two_racing_containers_creates_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def create_in_between(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        make_key_file()
        link(source, target)

    monkeypatch.setattr(os, "link", create_in_between)
    assert make_key_file() is None
    assert len(signing_key(SQLITE)) >= 32


@pytest.mark.parametrize("store", ["sqlite:///x.db", "postgresql://db/accounts"])
def test_the_error_for_a_missing_key_names_the_remedy(folder: Path, store: str) -> None:
    with pytest.raises(SettingsError, match=r"HEXACCOUNT_JWT__KEY, or run `hexaccount migrate`") as error:
        signing_key(Settings(store=store))
    assert "there is no hexaccount-data/jwt.key" in str(error.value)
    assert list(folder.iterdir()) == []


def test_the_key_of_the_settings_overrides_the_file() -> None:
    make_key_file()
    assert signing_key(Settings(jwt=JwtSettings(key=SIGNING_KEY))) == SIGNING_KEY.encode()


def test_a_memory_store_has_a_random_key_and_no_file(folder: Path) -> None:
    keys = {signing_key(Settings(store="memory://")) for _ in range(2)}
    assert [len(key) for key in keys] == [32, 32]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("text", ["too short", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n"])
def test_an_unusable_key_file_is_rejected_without_its_text(text: str) -> None:
    make_data_directory()
    KEY_FILE.touch(mode=0o600)
    KEY_FILE.write_text(text)
    with pytest.raises(SettingsError, match=r"jwt\.key cannot be used: .*; make a random one with: ") as error:
        root_key_of(SQLITE)
    assert text not in str(error.value)


def test_an_existing_directory_is_kept() -> None:
    make_data_directory()
    make_data_directory()
    assert mode_of(KEY_FILE.parent) == 0o700
