"""With the options of compose.prod.yaml the log of PostgreSQL has no personal data."""

import os
import re
import subprocess
from pathlib import Path

from tests.people import PASSWORD, registration_options
from tests.servers import forked
from tests.servers.postgres import PostgresServer

PERSON = {"user_name": "ada", "email": "ada.of.the.log@example.org", "first_name": "Augustadalog"}


def test_logged_statements_and_errors_have_no_personal_data(compose, tmp_path: Path) -> None:
    command = compose("compose.prod.yaml")["services"]["postgres"]["command"]
    options = dict(option.removeprefix("-c").split("=", 1) for option in command[1:])
    assert float(options["log_min_duration_statement"]) > 0, "slow statements are logged"
    # A threshold of 0 logs all statements as slow.
    with PostgresServer(tmp_path, settings={**options, "log_min_duration_statement": "0"}) as server:
        settings = {
            "HEXACCOUNT_STORE": server.url,
            "HEXACCOUNT_JWT__KEY": "a key that is long enough to sign with",
            "HEXACCOUNT_PASSWORD__COST": "4",
        }

        def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
            return forked.run(arguments, cwd=tmp_path, env={**os.environ, **settings}, text=text)

        assert run("migrate").returncode == 0
        register = registration_options(**PERSON)
        assert run(*register, text=PASSWORD + "\n").returncode == 0
        assert "is taken" in run(*register, text=PASSWORD + "\n").stderr
        logged = (server.home / "log").read_text(encoding="utf-8")
    assert "INSERT INTO users" in logged
    assert "duplicate key" in logged
    assert not re.findall(r"ada\.of|Augusta|\$2b\$", logged)
