"""Settings whose text is in a file that the environment names."""

from pathlib import Path

import pytest

from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings, shown_settings

KEY = "k" * 32


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_a_file_that_the_environment_names_holds_the_setting(secret: Path) -> None:
    secret.write_text(KEY, encoding="utf-8")
    assert load_settings(None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)}).jwt.key == KEY


def test_what_it_holds_is_read_as_the_type_of_the_setting(secret: Path) -> None:
    secret.write_text('["memory://a"]\n', encoding="utf-8")
    assert load_settings(None, {"HEXACCOUNT_EVENTS_FILE": str(secret)}).events == ["memory://a"]
    secret.write_text("5\n", encoding="utf-8")
    assert load_settings(None, {"HEXACCOUNT_PASSWORD__COST_FILE": str(secret)}).password.cost == 5


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_the_end_of_the_last_line_is_none_of_it_and_all_else_is(secret: Path, end: str) -> None:
    secret.write_bytes(f" {KEY}\n{KEY} {end}".encode())
    assert load_settings(None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)}).jwt.key == f" {KEY}\n{KEY} "


def test_it_is_over_the_settings_file_as_the_environment_is(secret: Path, tmp_path: Path) -> None:
    secret.write_text("memory://", encoding="utf-8")
    config = tmp_path / "settings.toml"
    config.write_text('store = "sqlite:///x.db"', encoding="utf-8")
    assert load_settings(config, {"HEXACCOUNT_STORE_FILE": str(secret)}).store == "memory://"


def test_a_setting_and_its_file_at_once_are_refused(secret: Path) -> None:
    secret.write_text(KEY, encoding="utf-8")
    both = {"HEXACCOUNT_JWT__KEY": KEY, "HEXACCOUNT_JWT__KEY_FILE": str(secret)}
    told = "^jwt.key: HEXACCOUNT_JWT__KEY and HEXACCOUNT_JWT__KEY_FILE are both set; leave one of them out$"
    with pytest.raises(SettingsError, match=told):
        load_settings(None, both)


@pytest.mark.parametrize(
    ("held", "told"),
    [(None, "cannot be read: No such file"), (b"", "is empty"), (b"\n", "is empty"), (b"\xe9", "UTF-8")],
)
def test_a_file_that_holds_no_setting_is_named_with_the_setting_and_the_variable(
    secret: Path, held: bytes | None, told: str
) -> None:
    if held is not None:
        secret.write_bytes(held)
    with pytest.raises(SettingsError) as error:
        load_settings(None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)})
    assert str(error.value).startswith(f"jwt.key: the file {secret}, which HEXACCOUNT_JWT__KEY_FILE names, ")
    assert told in str(error.value)


def test_a_value_that_is_refused_is_not_told(secret: Path) -> None:
    secret.write_text("short-and-secret", encoding="utf-8")
    for setting in ("STORE", "CACHE", "JWT__KEY"):
        with pytest.raises(SettingsError) as error:
            load_settings(None, {f"HEXACCOUNT_{setting}_FILE": str(secret)})
        assert "short-and-secret" not in str(error.value)


def test_an_unknown_setting_is_refused_in_a_file_too(secret: Path) -> None:
    secret.write_text("x", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"jwt\.keyy is no setting; did you mean jwt\.key\?"):
        load_settings(None, {"HEXACCOUNT_JWT__KEYY_FILE": str(secret)})


def test_no_setting_has_a_name_that_means_a_file_of_another() -> None:
    assert not [name for name in shown_settings(Settings()) if name.endswith("_file")]
