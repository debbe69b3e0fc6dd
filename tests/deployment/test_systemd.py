"""The unit of systemd keeps what the documents promise of it."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from hexaccount.bootstrap.settings_loading import load_settings


class CaseKept(ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture
def unit(root: Path) -> ConfigParser:
    # A variable may be said more than once, which an INI file cannot.
    lines: list[str] = []
    for line in (root / "config/systemd/hexaccount@.service").read_text(encoding="utf-8").splitlines():
        name, _, told = line.partition("=")
        same = [place for place, other in enumerate(lines) if other.startswith(f"{name}=")]
        if same and told:
            lines[same[0]] += f" {told}"
        else:
            lines.append(line)
    read = CaseKept(interpolation=None)
    read.read_string("\n".join(lines))
    return read


def test_it_starts_again_until_the_store_is_there_and_stays_down_with_wrong_settings(unit: ConfigParser) -> None:
    service = unit["Service"]
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert unit["Unit"]["StartLimitIntervalSec"] == "0", "however often it takes"
    assert "network-online.target" in unit["Unit"]["After"]


def test_it_runs_as_a_user_of_its_own_and_has_as_long_to_stop_as_a_container(unit: ConfigParser, root: Path) -> None:
    service = unit["Service"]
    assert service["User"] == "hexaccount"
    assert service["KillMode"] == "mixed"
    prod = yaml.safe_load((root / "compose.prod.yaml").read_text(encoding="utf-8"))
    assert f"{service['TimeoutStopSec']}s" == prod["services"]["http-one"]["stop_grace_period"]


def test_the_service_takes_the_secrets_that_it_is_given(unit: ConfigParser, tmp_path: Path) -> None:
    service = unit["Service"]
    secrets = {
        "store_url": "postgresql://hexaccount@db/hexaccount",
        "jwt_key": "a key that is long enough for all of it",
    }
    assert set(re.findall(r"(\w+):/etc/hexaccount/\1", service["LoadCredential"])) == set(secrets)
    for name, text in secrets.items():
        (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
    told = dict(pair.split("=", 1) for pair in service["Environment"].replace("%d", str(tmp_path)).split())
    loaded = load_settings(None, told)
    assert (loaded.store, loaded.jwt.key) == (secrets["store_url"], secrets["jwt_key"])
