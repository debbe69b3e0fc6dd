"""The program of docs/library.md works as shown."""

import json
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the blocks but the last, which closes the service, and yield the names that they define."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEXACCOUNT_PASSWORD__COST", "4")
    names: dict[str, Any] = {}
    *blocks, closing = BLOCKS
    with redirect_stdout(StringIO()) as printed:
        for block in blocks:
            exec(compile(block, str(PAGE), "exec"), names)
    yield {**names, "printed": printed.getvalue()}
    exec(closing, names)


def test_the_program_of_the_page_does_what_the_page_says(names: dict[str, Any]) -> None:
    assert names["printed"] == "user_name_taken\n"
    assert (names["ada"].id, names["ada"].email) == (names["user_id"], "ada@example.org")
    assert names["user_of"](names["login"].token) == names["ada"]
    assert names["user_of"]("forged") is None
    assert names["newsletter"].addresses == ["grace@example.org"]

    client = Client(names["application"])
    assert client.get("/").text == "your own application"
    body = {"user_name": "ada", "password": "a long and winding road"}
    answer = client.post("/accounts/api/v1/public/login", data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 200
    token = answer.json["data"]["access"]
    me = client.get("/accounts/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json["data"]["user_name"] == "ada"
