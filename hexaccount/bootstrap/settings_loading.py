"""Reads the settings from a TOML file and from environment variables, which override the file."""

import json
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from hexaccount.bootstrap.file_access import read_text
from hexaccount.bootstrap.settings import PREFIX, Settings, SettingsError
from hexaccount.bootstrap.settings_checks import check_settings
from hexaccount.bootstrap.settings_environment import read_environment
from hexaccount.bootstrap.settings_errors import explain
from hexaccount.bootstrap.settings_texts import check_texts


def load_settings(config: Path | None, environment: Mapping[str, str]) -> Settings:
    """Return the checked settings; `config` overrides HEXACCOUNT_CONFIG. Raises SettingsError."""
    if config is None and environment.get(PREFIX + "CONFIG"):
        config = Path(environment[PREFIX + "CONFIG"])
    values = _read_file(config) if config else {}
    for names, text in read_environment(environment):
        _override(values, names, text)
    settings = _convert(values)
    check_settings(settings)
    return settings


def _read_file(path: Path) -> dict[str, Any]:
    subject = f"the settings file {path}"
    text = read_text(path, subject)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{subject} is not valid TOML: {error}") from error
    except (RecursionError, ValueError):  # ValueError is Python's limit of digits
        raise SettingsError(
            f"{subject} has too many brackets in each other, or too long a number; correct it"
        ) from None


def _override(values: dict[str, Any], names: list[str], text: str) -> None:
    *tables, last = names
    for table in tables:
        inner = values.setdefault(table, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"{table} is not a table of settings, so {'.'.join(names)} cannot be set")
        values = inner
    values[last] = _parse_json(text, ".".join(names)) if text.startswith(("[", "{")) else text


def _parse_json(text: str, setting: str) -> Any:
    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise SettingsError(f"{setting}: {twice} is in it twice; leave out one of them")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=table)
    except (RecursionError, ValueError):
        return text  # the conversion reports the expected type


def _convert(values: dict[str, Any]) -> Settings:
    try:
        # Not strict: the text of an environment variable becomes the number or boolean that the setting is.
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        with suppress(RecursionError):
            check_texts(values)  # a character that is not displayed says more than the choices do
        raise SettingsError(explain(error)) from None
