"""Account keys in a store of their own, a changed root key, and an older backup that is restored."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.bootstrap.key_file import KEY_FILE
from hexaccount.bootstrap.preparation import check_store_exists, prepare, prepare_to_serve
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import (
    JwtSettings,
    PasswordSettings,
    PersonalDataSettings,
    Settings,
    SettingsError,
)
from hexaccount.bootstrap.settings_checks import check_settings
from hexaccount.bootstrap.settings_display import shown_settings
from hexaccount.bootstrap.store_checks import check_store
from hexaccount.erasure.erase_user import EraseUser
from hexaccount.erasure.list_erasures import ListErasures
from hexaccount.events.list_events import ListEvents
from hexaccount.observability.diagnosis import Verdict
from hexaccount.personal_data.ports import KeysElsewhere, LostRootKey
from hexaccount.personal_data.rewrap_account_keys import RewrapAccountKeys
from hexaccount.store_kit.store import SchemaMismatch
from tests.people import log_in, register, registration
from tests.signing_key import OTHER_SIGNING_KEY as NEW_KEY
from tests.signing_key import SIGNING_KEY as KEY


def settings(folder: Path, key: str = KEY, **personal_data: str) -> Settings:
    return Settings(
        store=f"sqlite:///{folder}/accounts.db",
        password=PasswordSettings(cost=4),
        jwt=JwtSettings(key=key),
        personal_data=PersonalDataSettings(**personal_data),
    )


def with_own_keys(folder: Path) -> Settings:
    return settings(folder, keys=f"sqlite:///{folder}/keys.db")


def count(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as database:
        number: int = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return number


def people(settings: Settings, *names: str) -> list[UUID]:
    with open_service(settings) as service:
        return [register(service.bus, name) for name in names]


def test_keys_may_be_kept_in_a_store_of_their_own(tmp_path: Path) -> None:
    apart = with_own_keys(tmp_path)
    prepare(apart)
    juliet, _ = people(apart, "juliet", "romeo")

    assert (count(tmp_path / "accounts.db", "account_keys"), count(tmp_path / "keys.db", "account_keys")) == (1, 2)
    with open_service(apart) as service:
        log_in(service.bus)
        assert service.bus.handle(ListEvents(user_id=juliet)).events[0].data["user_name"] == "juliet"
        service.bus.handle(EraseUser(user_id=juliet))
        assert "user_name" not in service.bus.handle(ListEvents(user_id=juliet)).events[0].data
    assert (count(tmp_path / "keys.db", "account_keys"), count(tmp_path / "keys.db", "erasures")) == (1, 1)


def test_migrate_moves_the_keys_to_a_store_of_their_own(tmp_path: Path) -> None:
    together, apart = settings(tmp_path), with_own_keys(tmp_path)
    prepare(together)
    juliet, romeo = people(together, "juliet", "romeo")
    with open_service(together) as service:
        service.bus.handle(EraseUser(user_id=romeo))

    assert "account keys moved to the store of personal_data.keys: 1" in prepare(apart)
    assert not any("keys moved" in line for line in prepare(apart))

    assert (count(tmp_path / "keys.db", "account_keys"), count(tmp_path / "keys.db", "erasures")) == (1, 1)
    assert count(tmp_path / "accounts.db", "erasures") == 0
    with open_service(apart) as service:
        assert service.bus.handle(ListEvents(user_id=juliet)).events[0].data["user_name"] == "juliet"


def test_a_process_that_does_not_know_where_the_keys_are_is_refused(tmp_path: Path) -> None:
    apart = with_own_keys(tmp_path)
    prepare(apart)
    (juliet,) = people(apart, "juliet")

    for message in (
        ListEvents(user_id=juliet),
        EraseUser(user_id=juliet),
        registration("romeo"),
        ListErasures(),
        RewrapAccountKeys(),
    ):
        with open_service(settings(tmp_path)) as service, pytest.raises(KeysElsewhere, match=r"personal_data\.keys"):
            service.bus.handle(message)
    (finding,) = (each for each in check_store(settings(tmp_path)) if each.verdict is not Verdict.OK)
    assert (finding.verdict, finding.remedy[:22]) == (Verdict.TO_DO, "Set personal_data.keys")
    with open_service(apart) as service:
        assert service.bus.handle(ListEvents(user_id=juliet)).events[0].data["user_name"] == "juliet"


def test_the_store_of_the_keys_is_checked_by_name(tmp_path: Path) -> None:
    prepare(settings(tmp_path))
    apart = with_own_keys(tmp_path)

    with pytest.raises(SchemaMismatch, match=r"there is no database .*keys\.db yet"):
        check_store_exists(apart)
    with open_service(apart) as service, pytest.raises(SchemaMismatch):
        service.check_stores()
    (finding,) = (finding for finding in check_store(apart) if finding.verdict is not Verdict.OK)
    assert "migrate" in finding.remedy


@pytest.mark.parametrize("keys", [{}, {"keys": "keys.db"}])
def test_the_doctor_finds_account_keys_under_another_root_key(tmp_path: Path, keys: dict[str, str]) -> None:
    keys = {name: f"sqlite:///{tmp_path}/{file}" for name, file in keys.items()}
    prepare(settings(tmp_path, **keys))
    people(settings(tmp_path, **keys), "juliet")

    findings = {finding.part: finding for finding in check_store(settings(tmp_path, NEW_KEY, **keys))}

    assert findings["account keys"].verdict is Verdict.TO_DO
    assert "personal_data.previous_key" in findings["account keys"].remedy


def test_migrate_erases_again_whom_an_older_backup_brings_back(tmp_path: Path) -> None:
    apart = with_own_keys(tmp_path)
    prepare(apart)
    juliet, romeo = people(apart, "juliet", "romeo")
    shutil.copy(tmp_path / "accounts.db", tmp_path / "backup")
    with open_service(apart) as service:
        service.bus.handle(EraseUser(user_id=juliet))

    shutil.copy(tmp_path / "backup", tmp_path / "accounts.db")

    assert erasures_of(apart) == (Verdict.TO_DO, "1 of 1 erased accounts are there again")
    assert "accounts erased again, which a backup had brought back: 1" in prepare(apart)
    assert not any("again" in line for line in prepare(apart))
    assert erasures_of(apart) == (Verdict.OK, "1")
    with open_service(apart) as service:
        assert service.bus.handle(GetUser(reference="romeo")).id == romeo
        with pytest.raises(UserNotFound):
            service.bus.handle(GetUser(reference="juliet"))


def erasures_of(settings: Settings) -> tuple[Verdict, str]:
    """Return what the doctor finds."""
    (finding,) = (finding for finding in check_store(settings) if finding.part == "erasures")
    return finding.verdict, finding.message.split(",")[0]


def test_migrate_encrypts_account_keys_under_a_new_root_key(tmp_path: Path) -> None:
    prepare(settings(tmp_path))
    (juliet,) = people(settings(tmp_path), "juliet")

    with open_service(settings(tmp_path, NEW_KEY)) as service, pytest.raises(LostRootKey, match="previous_key"):
        service.bus.handle(ListEvents(user_id=juliet))
    lines = prepare(settings(tmp_path, NEW_KEY, previous_key=KEY))

    assert "account keys encrypted under jwt.key: 1; personal_data.previous_key is not needed now" in lines
    with open_service(settings(tmp_path, NEW_KEY)) as service:
        assert service.bus.handle(ListEvents(user_id=juliet)).events[0].data["user_name"] == "juliet"


def test_a_store_that_is_encrypted_under_another_key_is_not_prepared_nor_served(tmp_path: Path) -> None:
    prepare(settings(tmp_path))
    people(settings(tmp_path), "juliet")
    for begin in (prepare, prepare_to_serve):
        with pytest.raises(LostRootKey, match=r"under another jwt\.key"):
            begin(settings(tmp_path, NEW_KEY))


@pytest.mark.usefixtures("folder")
def test_no_key_file_is_made_in_place_of_the_one_that_encrypts_the_store() -> None:
    default = Settings(password=PasswordSettings(cost=4))
    prepare_to_serve(default)
    people(default, "juliet")
    KEY_FILE.rename("kept")
    for begin in (prepare, prepare_to_serve):
        with pytest.raises(SettingsError, match=r"jwt\.key is missing, .* restore it, or set HEXACCOUNT_JWT__KEY"):
            begin(default)
    assert not KEY_FILE.exists()
    Path("kept").rename(KEY_FILE)
    assert prepare_to_serve(default) == []


def test_an_unusable_previous_key_is_refused(tmp_path: Path) -> None:
    wrong = settings(tmp_path, previous_key="short")

    with pytest.raises(SettingsError, match=r"personal_data\.previous_key: set it to the value that jwt\.key had"):
        check_settings(wrong)


@pytest.mark.parametrize("url", ["nothing", "sqlite://accounts.db", "memory://", "ftp://host/name"])
def test_an_unusable_store_of_keys_is_refused_by_the_name_of_its_setting(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"^personal_data\.keys: "):
        check_settings(settings(tmp_path, keys=url))


def test_settings_are_shown_without_their_secrets(tmp_path: Path) -> None:
    shown = shown_settings(settings(tmp_path, keys="postgresql://a:secret@host/b", previous_key=KEY))

    assert shown["personal_data.keys"] == "postgresql://a:********@host/b"
    assert shown["personal_data.previous_key"] == "********"
