"""No secret is read from, or written to, what another user of the machine may have replaced."""

import os
from pathlib import Path

import pytest

from hexaccount.bootstrap.key_file import make_data_directory, make_key_file
from hexaccount.bootstrap.preparation import prepare, prepare_to_serve
from hexaccount.bootstrap.program import SettingsProgram
from hexaccount.bootstrap.settings import JwtSettings, PersonalDataSettings, Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount_click.program import ConfigurationError
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.usefixtures("folder")

DATA = Path("hexaccount-data")
KEY_FILE = DATA / "jwt.key"
DATABASE = DATA / "hexaccount.db"
CHOSEN = Settings(store="sqlite:///chosen.db", jwt=JwtSettings(key=SIGNING_KEY))


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o707, 0o722])
def test_a_data_directory_in_which_others_may_write_is_refused_and_gets_no_key(mode: int) -> None:
    DATA.mkdir()
    DATA.chmod(mode)
    for begin in (prepare, prepare_to_serve):
        with pytest.raises(SettingsError, match=rf"^hexaccount-data is open .*\(mode {mode:o}\).* chmod 7[05][05] "):
            begin(Settings())
    assert list(DATA.iterdir()) == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o606])
def test_a_key_file_that_others_may_read_or_replace_is_refused(mode: int) -> None:
    prepare(Settings())
    KEY_FILE.chmod(mode)
    for begin in (prepare, prepare_to_serve):
        with pytest.raises(SettingsError, match=r"jwt\.key is open .* run: chmod 600 hexaccount-data/jwt\.key"):
            begin(Settings())


@pytest.mark.parametrize("path", [DATA, KEY_FILE, DATABASE])
def test_what_another_user_has_made_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(Settings())
    if path is KEY_FILE:
        DATABASE.unlink()  # so that only the key is the other user's
    _give_away(path, monkeypatch)
    for begin in (prepare, prepare_to_serve):
        with pytest.raises(SettingsError, match=rf"^{path} belongs to user \d+, .* run it as user .*change the owner"):
            begin(Settings())


def test_a_database_that_is_a_device_is_refused_as_such() -> None:
    Path("chosen.db").symlink_to("/dev/null")
    with pytest.raises(SettingsError, match=r"chosen\.db is a device, a pipe or a socket; name a file in the setting"):
        prepare(CHOSEN)


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_what_another_user_has_put_beside_a_database_is_refused(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = Path(f"chosen.db{suffix}")
    planted.write_bytes(b"pages that make somebody an admin")
    _give_away(planted, monkeypatch)
    with pytest.raises(SettingsError, match=rf"chosen\.db{suffix} belongs to user \d+"):
        prepare(CHOSEN)


@pytest.mark.parametrize("path", ["chosen.db", "."])
def test_a_database_that_others_may_write_is_refused(path: str) -> None:
    prepare(CHOSEN)
    before = Path(path).stat().st_mode & 0o7777
    Path(path).chmod(before | 0o002)
    for begin in (prepare, prepare_to_serve):
        with pytest.raises(SettingsError, match=rf"is open .* run: chmod {before:o} "):
            begin(CHOSEN)


def test_a_database_of_account_keys_is_guarded_as_well() -> None:
    keys = Path("keys.db")
    keys.touch()
    keys.chmod(0o666)
    apart = Settings(jwt=JwtSettings(key=SIGNING_KEY), personal_data=PersonalDataSettings(keys="sqlite:///keys.db"))
    with pytest.raises(SettingsError, match=r"^keys\.db is open"):
        prepare(apart)


def test_a_command_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"STORE": CHOSEN.store, "JWT__KEY": SIGNING_KEY}.items():
        monkeypatch.setenv(f"HEXACCOUNT_{name}", value)
    prepare(CHOSEN)
    Path("chosen.db").chmod(0o666)
    program = SettingsProgram()
    program.configure(None)
    with pytest.raises(ConfigurationError, match=r"chosen\.db is open .* run: chmod 664 chosen\.db"):
        program.bus()


def test_a_folder_with_the_sticky_bit_may_hold_a_database() -> None:
    shared = Path("shared")
    shared.mkdir()
    shared.chmod(0o1777)
    prepare(Settings(store="sqlite:///shared/chosen.db", jwt=JwtSettings(key=SIGNING_KEY)))


def test_settings_that_everyone_may_write_are_refused(tmp_path: Path) -> None:
    config, secret, certificate = (tmp_path / name for name in ("settings.toml", "jwt_key", "ca.pem"))
    config.write_text(f'jwt.key = "{SIGNING_KEY}"')
    secret.write_text(SIGNING_KEY)
    certificate.touch()
    kafka = {"HEXACCOUNT_KAFKA__SECURITY_PROTOCOL": "ssl", "HEXACCOUNT_KAFKA__SSL_CA": str(certificate)}
    cases: list[tuple[Path, Path | None, dict[str, str]]] = [
        (config, config, {}),
        (secret, None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)}),
        (certificate, None, kafka),
    ]
    for file, named, environment in cases:
        file.chmod(0o666)
        with pytest.raises(SettingsError, match=rf"{file.name}.* is open .* run: chmod 664 {file}"):
            load_settings(named, environment)
    config.chmod(0o664)
    secret.chmod(0o444)  # as container engines show secrets
    assert load_settings(config, {}) == load_settings(None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)})


def test_a_pipe_may_be_a_settings_file() -> None:
    assert load_settings(Path("/dev/null"), {}) == Settings()


def test_an_open_directory_without_write_access_is_left_to_the_doctor() -> None:
    DATA.mkdir(mode=0o755)
    make_data_directory()
    assert make_key_file() == KEY_FILE


def _give_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a path belong to another user than this process: by its owner for root, by this process's id otherwise."""
    if os.geteuid() == 0:
        os.chown(path, 4242, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4242)
