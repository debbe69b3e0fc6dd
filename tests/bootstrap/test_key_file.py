import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hexaccount.bootstrap.key_file import make_data_directory, make_key_file, seed_of, signing_key
from hexaccount.bootstrap.settings import JwtSettings, Settings, SettingsError

SQLITE = Settings(store="sqlite:///hexaccount-data/hexaccount.db")
KEY_FILE = Path("hexaccount-data/jwt.key")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_may_read_the_key_and_look_into_its_folder(here: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        assert make_key_file() == KEY_FILE
    finally:
        os.umask(before)
    assert (mode_of(KEY_FILE), mode_of(KEY_FILE.parent)) == (0o600, 0o700)
    assert [file.name for file in KEY_FILE.parent.iterdir()] == ["jwt.key"]


def test_a_key_that_is_there_stays(here: Path) -> None:
    make_key_file()
    key = KEY_FILE.read_text()
    assert make_key_file() is None
    assert KEY_FILE.read_text() == key
    assert [file.name for file in KEY_FILE.parent.iterdir()] == ["jwt.key"]


def test_the_key_that_was_made_signs_and_is_long_enough(here: Path) -> None:
    make_key_file()
    key = signing_key(SQLITE)
    assert len(key) >= 32
    assert key == signing_key(SQLITE) == KEY_FILE.read_bytes().strip()


def test_no_two_keys_are_alike(here: Path) -> None:
    make_key_file()
    first = KEY_FILE.read_text()
    KEY_FILE.unlink()
    make_key_file()
    assert KEY_FILE.read_text() != first


def test_of_processes_that_race_one_makes_the_key_and_all_use_it(here: Path) -> None:
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


def test_of_two_processes_with_one_id_in_two_containers_the_first_wins(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def the_other_is_in_between(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        make_key_file()
        link(source, target)

    monkeypatch.setattr(os, "link", the_other_is_in_between)
    assert make_key_file() is None
    assert len(signing_key(SQLITE)) >= 32


@pytest.mark.parametrize("store", ["sqlite:///x.db", "postgresql://db/accounts"])
def test_a_missing_key_is_refused_with_the_remedy(here: Path, store: str) -> None:
    with pytest.raises(SettingsError, match=r"HEXACCOUNT_JWT__KEY, or run `hexaccount migrate`") as error:
        signing_key(Settings(store=store))
    assert "hexaccount-data/jwt.key cannot be read (No such file or directory)" in str(error.value)
    assert list(here.iterdir()) == []


def test_the_key_of_the_settings_is_over_the_file(here: Path) -> None:
    make_key_file()
    assert signing_key(Settings(jwt=JwtSettings(key="k" * 32))) == b"k" * 32


def test_memory_has_a_key_of_its_own_and_makes_no_file(here: Path) -> None:
    keys = {signing_key(Settings(store="memory://")) for _ in range(2)}
    assert [len(key) for key in keys] == [32, 32]
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("text", ["too short", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n"])
def test_a_file_that_holds_no_secret_is_refused_without_being_repeated(here: Path, text: str) -> None:
    make_data_directory()
    KEY_FILE.write_text(text)
    with pytest.raises(SettingsError, match=r"jwt\.key cannot be used: .*; make a random one with: ") as error:
        seed_of(SQLITE)
    assert text not in str(error.value)


def test_the_folder_may_be_there_already(here: Path) -> None:
    make_data_directory()
    make_data_directory()
    assert mode_of(KEY_FILE.parent) == 0o700
