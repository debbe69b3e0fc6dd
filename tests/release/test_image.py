"""The steps of the Dockerfile, run without Docker, build a service that runs as an unprivileged user."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deployment.dockerfile import Dockerfile
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand


@pytest.fixture
def dockerfile(root: Path) -> Dockerfile:
    return Dockerfile(root / "Dockerfile")


def copy_context(root: Path, source: Path) -> None:
    """Copy the files that .dockerignore includes."""
    rules = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in (rule.removeprefix("!") for rule in rules if rule.startswith("!")):
        if (root / name).is_dir():
            shutil.copytree(root / name, source / name, ignore=ignored)
        else:
            shutil.copy(root / name, source / name)


def as_user(argv: list[str], user: str) -> list[str]:
    """Return the command that runs `argv` as the image's user, with read access to root's interpreter."""
    if os.geteuid() != 0:
        return argv
    uid, _, gid = user.partition(":")
    caps = [
        "--inh-caps=-all,+dac_read_search",
        "--ambient-caps=+dac_read_search",
        "--bounding-set=-all,+dac_read_search",
    ]
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *caps, *argv]


def test_the_built_service_runs_as_the_user_of_the_image_and_is_healthy(
    dockerfile: Dockerfile, root: Path, folder: Path, environment: dict[str, str]
) -> None:
    source, data = folder / "source", folder / "data"
    source.mkdir()
    copy_context(root, source)
    places = {"/wheels": f"{folder}/wheels", "/opt/hexaccount": f"{folder}/opt"}

    def local(text: str) -> str:
        for path, folder_here in places.items():
            text = text.replace(path, folder_here)
        return text

    for step in dockerfile.stages[0]:
        if step.keyword == "RUN":
            built = subprocess.run(
                ["sh", "-ec", local(step.command)],
                cwd=source,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert built.returncode == 0, built.stdout + built.stderr

    assert not (folder / "opt/bin/pip").exists()
    drivers = "import backports.zstd, confluent_kafka, psycopg, pymongo, redis, socketio"
    compiled = "import hexaccount_security._interleaved_bcrypt"
    subprocess.run([folder / "opt/bin/python", "-c", f"{drivers}; {compiled}"], check=True, timeout=60)
    port, user = free_port(), dockerfile.last("USER").text
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(data, *map(int, user.split(":")))
    variables = {name: local(value).replace("$PATH", os.defpath) for name, value in dockerfile.environment.items()}
    clean = ["env", "-i", "HOME=/nonexistent", *(f"{name}={value}" for name, value in variables.items())]
    command = [*dockerfile.last("ENTRYPOINT").arguments, *dockerfile.last("CMD").arguments, "--port", str(port)]
    check = [part.replace(":8000/", f":{port}/") for part in dockerfile.last("HEALTHCHECK").arguments]
    with RunningCommand(as_user([*clean, *command], user), output=folder / "output", cwd=data) as running:
        running.wait_for_ok(f"http://127.0.0.1:{port}/health", timeout=60)
        healthy = subprocess.run(as_user([*clean, *check], user), cwd=data, timeout=30, check=False)
        assert healthy.returncode == 0
        assert running.terminate() == 0, running.output
    after_stop = subprocess.run(as_user([*clean, *check], user), cwd=data, timeout=30, check=False, capture_output=True)
    assert after_stop.returncode != 0
    written = {path.name for path in (data / "hexaccount-data").iterdir()}
    assert {"hexaccount.db", "jwt.key"} <= written
    if os.geteuid() == 0:
        assert (data / "hexaccount-data").stat().st_uid == int(user.partition(":")[0])
