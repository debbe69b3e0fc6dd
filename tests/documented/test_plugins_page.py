"""The smallest plug-in of docs/plugins.md works as it is written there."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.testing.api_client import ApiClient
from tests.bootstrap.planted_packages import planted_packages
from tests.documented.plugin import described_by
from tests.people import log_in, register
from tests.signing_key import SIGNING_KEY

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"


def test_the_smallest_plug_in_adds_a_route(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, module = re.findall(
        r"```(?:toml|python)\n(.*?)```", PAGE.read_text().partition("## A capability")[0], re.DOTALL
    )
    groups = tomllib.loads(project)["project"]["entry-points"]
    settings = Settings(store="memory://", password=PasswordSettings(cost=4), jwt=JwtSettings(key=SIGNING_KEY))
    with planted_packages(tmp_path, monkeypatch):
        (tmp_path / "acme_greetings.py").write_text(module)
        metadata = tmp_path / "acme_greetings-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-greetings\nVersion: 1.0\n")
        lines = [[f"[{group}]", *(f"{name} = {found}" for name, found in of.items())] for group, of in groups.items()]
        (metadata / "entry_points.txt").write_text("\n".join(chain.from_iterable(lines)))
        with open_service(settings) as service:
            register(service.bus)
            headers = {"Authorization": f"Bearer {log_in(service.bus).token}"}
            client = ApiClient(service)
            with described_by(client.get("/swagger.json").json):
                answer = client.get("/api/v1/me/greeting", headers=headers)
    assert (answer.status_code, answer.json["data"]["text"][:18]) == (200, "Hello Juliet, it i")
