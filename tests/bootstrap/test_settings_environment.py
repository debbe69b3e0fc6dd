"""Settings in files that environment variables name."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hexaccount.bootstrap import file_access
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_display import shown_settings
from hexaccount.bootstrap.settings_loading import load_settings
from tests.signing_key import SIGNING_KEY as KEY


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_a_file_variable_names_the_file_with_the_setting(secret: Path) -> None:
    secret.write_text(KEY, encoding="utf-8")
    assert load_settings(None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)}).jwt.key == KEY


def test_the_text_of_the_file_is_converted_to_the_type_of_the_setting(secret: Path) -> None:
    secret.write_text('["memory://a"]\n', encoding="utf-8")
    assert load_settings(None, {"HEXACCOUNT_EVENTS_FILE": str(secret)}).events == ["memory://a"]
    secret.write_text("5\n", encoding="utf-8")
    assert load_settings(None, {"HEXACCOUNT_PASSWORD__COST_FILE": str(secret)}).password.cost == 5


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_only_the_end_of_the_last_line_is_removed(secret: Path, end: str) -> None:
    secret.write_bytes(f" {KEY}\n{KEY} {end}".encode())
    assert load_settings(None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)}).jwt.key == f" {KEY}\n{KEY} "


def test_it_overrides_the_settings_file(secret: Path, tmp_path: Path) -> None:
    secret.write_text("memory://", encoding="utf-8")
    config = tmp_path / "settings.toml"
    config.write_text('store = "sqlite:///x.db"', encoding="utf-8")
    assert load_settings(config, {"HEXACCOUNT_STORE_FILE": str(secret)}).store == "memory://"


def test_a_variable_and_its_file_variable_together_are_rejected(secret: Path) -> None:
    secret.write_text(KEY, encoding="utf-8")
    both = {"HEXACCOUNT_JWT__KEY": KEY, "HEXACCOUNT_JWT__KEY_FILE": str(secret)}
    error = "^jwt.key: HEXACCOUNT_JWT__KEY and HEXACCOUNT_JWT__KEY_FILE are both set; unset one of them$"
    with pytest.raises(SettingsError, match=error):
        load_settings(None, both)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read: No such file"), (b"", "is empty"), (b"\n", "is empty"), (b"\xe9", "UTF-8")],
)
def test_the_error_for_an_unusable_file_names_the_file_the_setting_and_the_variable(
    secret: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        secret.write_bytes(content)
    with pytest.raises(SettingsError) as error:
        load_settings(None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)})
    assert str(error.value).startswith(f"jwt.key: the file {secret}, which HEXACCOUNT_JWT__KEY_FILE names, ")
    assert reason in str(error.value)


def test_an_empty_file_variable_is_rejected() -> None:
    with pytest.raises(SettingsError, match=r"^jwt\.key: let HEXACCOUNT_JWT__KEY_FILE name a file, or unset it$"):
        load_settings(None, {"HEXACCOUNT_JWT__KEY_FILE": ""})


def test_an_error_does_not_repeat_the_value(secret: Path) -> None:
    secret.write_text("short-and-secret", encoding="utf-8")
    for setting in ("STORE", "CACHE", "JWT__KEY"):
        with pytest.raises(SettingsError) as error:
            load_settings(None, {f"HEXACCOUNT_{setting}_FILE": str(secret)})
        assert "short-and-secret" not in str(error.value)


def test_an_unknown_setting_in_a_file_is_rejected(secret: Path) -> None:
    secret.write_text("x", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"jwt\.keyy is not a setting; did you mean jwt\.key\?"):
        load_settings(None, {"HEXACCOUNT_JWT__KEYY_FILE": str(secret)})


def test_no_name_of_a_setting_ends_like_a_file_variable() -> None:
    assert not [name for name in shown_settings(Settings()) if name.endswith("_file")]


@pytest.mark.parametrize("part", ["HEXACCOUNT_JWT__KEY", "HEXACCOUNT_JWT__KEY_FILE"])
@pytest.mark.parametrize("table_first", [True, False])
def test_a_part_of_a_table_counts_in_any_order(secret: Path, part: str, table_first: bool) -> None:
    secret.write_text(KEY, encoding="utf-8")
    variables = [("HEXACCOUNT_JWT", '{"issuer": "x"}'), (part, str(secret) if part.endswith("_FILE") else KEY)]
    jwt = load_settings(None, dict(variables if table_first else reversed(variables))).jwt
    assert (jwt.issuer, jwt.key) == ("x", KEY)


def test_a_pipe_is_read_to_its_end(secret: Path) -> None:
    os.mkfifo(secret)
    with ThreadPoolExecutor(1) as writer:
        written = writer.submit(_write_slowly, secret, KEY)
        assert load_settings(None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)}).jwt.key == KEY
        written.result()


def _write_slowly(pipe: Path, text: str) -> None:
    with pipe.open("w", encoding="utf-8") as file:
        for character in text:
            file.write(character)
            file.flush()


def test_a_pipe_without_a_writer_and_an_endless_file_are_refused(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_access, "_PIPE_TIMEOUT", 0.1)
    os.mkfifo(secret)
    with pytest.raises(SettingsError, match=r"^jwt\.key: .* is a pipe that nobody has written and closed"):
        load_settings(None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)})
    with pytest.raises(SettingsError, match=r"^the settings file /dev/zero has more than 1,048,576 bytes"):
        load_settings(Path("/dev/zero"), {})
