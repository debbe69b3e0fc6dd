"""Reads the settings from a TOML file and from environment variables, which override the file."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hexaccount.bootstrap.file_access import read_text
from hexaccount.bootstrap.settings import PREFIX, Settings, SettingsError
from hexaccount.bootstrap.settings_checks import check_settings
from hexaccount.bootstrap.settings_environment import read_environment
from hexaccount.bootstrap.settings_errors import explain


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
    try:
        return tomllib.loads(read_text(path, subject))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{subject} is not valid TOML: {error}") from error


def _override(values: dict[str, Any], names: list[str], text: str) -> None:
    *tables, last = names
    for table in tables:
        inner = values.setdefault(table, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"{table} is not a table of settings, so {'.'.join(names)} cannot be set")
        values = inner
    values[last] = _parse_json(text) if text.startswith(("[", "{")) else text


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # the conversion reports the expected type


def _convert(values: dict[str, Any]) -> Settings:
    try:
        # Not strict: the text of an environment variable becomes the number or boolean that the setting is.
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(explain(error)) from None
