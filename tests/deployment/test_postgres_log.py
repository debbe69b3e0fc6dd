"""What PostgreSQL logs with the options of compose.prod.yaml names nobody."""

import os
import re
import subprocess
from pathlib import Path

from tests.servers import forked
from tests.servers.postgres import PostgresServer

PERSON = {"user-name": "ada", "email": "ada.of.the.log@example.org", "first-name": "Augustadalog", "last-name": "L"}


def test_no_statement_or_refusal_in_its_log_tells_of_whom_it_was(compose, tmp_path: Path) -> None:
    command = compose("compose.prod.yaml")["services"]["postgres"]["command"]
    options = dict(option.removeprefix("-c").split("=", 1) for option in command[1:])
    assert float(options["log_min_duration_statement"]) > 0, "slow statements are logged"
    # Here all statements are slow.
    with PostgresServer(tmp_path, settings={**options, "log_min_duration_statement": "0"}) as server:
        settings = {
            "HEXACCOUNT_STORE": server.url,
            "HEXACCOUNT_JWT__KEY": "a key of what is logged, long enough",
            "HEXACCOUNT_PASSWORD__COST": "4",
        }

        def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
            return forked.run(arguments, cwd=tmp_path, env={**os.environ, **settings}, text=text)

        assert run("migrate").returncode == 0
        person = [part for name, value in PERSON.items() for part in (f"--{name}", value)]
        register = ("users", "register", *person, "--password-stdin")
        assert run(*register, text="a long and winding road\n").returncode == 0
        assert "is taken" in run(*register, text="a long and winding road\n").stderr
        logged = (server.home / "log").read_text(encoding="utf-8")
    assert "INSERT INTO users" in logged
    assert "duplicate key" in logged
    assert not re.findall(r"ada\.of|Augusta|\$2b\$", logged)
