"""The systemd unit fulfils the promises of docs/operations.md."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from hexaccount.bootstrap.settings_loading import load_settings


class CaseSensitiveParser(ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture
def unit(root: Path) -> ConfigParser:
    # A unit may repeat a variable, which an INI file may not.
    lines: list[str] = []
    for line in (root / "config/systemd/hexaccount@.service").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        same = [place for place, other in enumerate(lines) if other.startswith(f"{name}=")]
        if same and value:
            lines[same[0]] += f" {value}"
        else:
            lines.append(line)
    parser = CaseSensitiveParser(interpolation=None)
    parser.read_string("\n".join(lines))
    return parser


def test_the_unit_restarts_without_a_store_and_stays_down_with_invalid_settings(
    unit: ConfigParser,
) -> None:
    service = unit["Service"]
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert unit["Unit"]["StartLimitIntervalSec"] == "0", "the number of restarts is unlimited"
    assert "network-online.target" in unit["Unit"]["After"]


def test_the_unit_has_a_separate_user_and_the_grace_period_of_a_container(unit: ConfigParser, root: Path) -> None:
    service = unit["Service"]
    assert service["User"] == "hexaccount"
    assert service["KillMode"] == "mixed"
    prod = yaml.safe_load((root / "compose.prod.yaml").read_text(encoding="utf-8"))
    assert f"{service['TimeoutStopSec']}s" == prod["services"]["http-one"]["stop_grace_period"]


def test_the_service_reads_the_credentials_of_the_unit(unit: ConfigParser, tmp_path: Path) -> None:
    service = unit["Service"]
    secrets = {
        "store_url": "postgresql://hexaccount@db/hexaccount",
        "jwt_key": "a key that is long enough for all of it",
    }
    assert set(re.findall(r"(\w+):/etc/hexaccount/\1", service["LoadCredential"])) == set(secrets)
    for name, text in secrets.items():
        (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
    value = dict(pair.split("=", 1) for pair in service["Environment"].replace("%d", str(tmp_path)).split())
    loaded = load_settings(None, value)
    assert (loaded.store, loaded.jwt.key) == (secrets["store_url"], secrets["jwt_key"])
