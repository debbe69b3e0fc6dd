"""The examples of the README and of docs/tokens.md work as shown."""

import re
import subprocess
import time
from pathlib import Path

import jwt
import pytest

from tests.service.account import Account

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
VARYING = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "HEX"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    (re.compile(r'"(access|refresh|device)":"[^"]*"'), r'"\1":"TOKEN"'),
]


def curl_session() -> list[tuple[str, str]]:
    """Return the commands of the README's session, each with the output that it shows."""
    block = next(b for b in re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL) if "curl" in b)
    steps = []
    for step in block.strip().split("\n\n"):
        lines = step.removeprefix("$ ").splitlines()
        # A command continues after a line that ends in a backslash or has an open quote.
        for count in range(1, len(lines) + 1):
            command = "\n".join(lines[:count])
            if command.count("'") % 2 == 0 and not command.endswith("\\"):
                steps.append((command, "\n".join(lines[count:])))
                break
    return steps


def normalized(text: str) -> str:
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text.strip()


def test_the_session_of_the_readme_prints_the_output_it_shows(serving, tmp_path):
    steps = curl_session()
    assert len(steps) == 9
    with serving() as (_, url):
        # One shell runs all commands, because the session sets a variable; a separator stands between the outputs.
        script = "\necho; echo SEPARATOR\n".join(command for command, _ in steps).replace("http://127.0.0.1:8000", url)
        ran = subprocess.run(["bash", "-eu", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    for (command, shown), output in zip(steps, ran.stdout.split("\nSEPARATOR\n"), strict=True):
        assert normalized(output) == normalized(shown), command


def access_of(account: Account) -> str:
    return account.log_in()["Authorization"].removeprefix("Bearer ")


def test_the_documented_verifier_accepts_valid_tokens_and_rejects_forged_and_ended_ones(serving, hexaccount):
    (example,) = re.findall(r"```python\n([^`]*?def user_of.*?)```", (ROOT / "docs/tokens.md").read_text(), re.DOTALL)
    with serving(HEXACCOUNT_PUBLIC_URL="https://accounts.example.org") as (_, url):
        assert hexaccount("keys", "add", "--signs-after", "0").returncode == 0
        ada = Account(url, "ada")
        user_id = ada.register().json()["data"]["id"]
        deadline = time.monotonic() + 30
        # The service loads the new key after a moment, and signs with the symmetric one until then.
        while "HS256" in str(jwt.get_unverified_header(token := access_of(ada))):
            assert time.monotonic() < deadline, "the new key does not sign"
            time.sleep(0.1)
        names: dict = {}
        exec(example.replace("{issuer}/.well-known", f"{url}/.well-known"), names)
        assert str(names["user_of"](token)) == user_id
        assert names["user_of"](token[:-4] + "AAAA") is None
        session_id = jwt.decode(token, options={"verify_signature": False})["sid"]
        closed = {"type": "hexaccount.session.closed.v1", "subject": user_id, "data": {"session_id": session_id}}
        names["on_event"](closed)
        assert names["user_of"](token) is None
