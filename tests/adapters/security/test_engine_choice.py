"""The engine of a process is the first that is installed, right and fast."""

import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from hexaccount_security import engine_choice
from hexaccount_security.bcrypt_engines import BcryptInput, CryptBcrypt, InterleavedBcrypt, PackageBcrypt
from hexaccount_security.engine_choice import EngineUnavailable, choose_engine


@pytest.fixture(autouse=True)
def chosen_anew() -> Iterator[None]:
    choose_engine.cache_clear()
    yield
    choose_engine.cache_clear()


def replace(monkeypatch: pytest.MonkeyPatch, **engines: object) -> None:
    replaced: Mapping[str, object] = {**engine_choice.ENGINES, **engines}
    monkeypatch.setattr(engine_choice, "ENGINES", replaced)


class Wrong(InterleavedBcrypt):
    """It is right unless all four lanes are used."""

    def digests(self, work: int, inputs: Sequence[BcryptInput]) -> list[bytes]:
        found = super().digests(work, inputs)
        return [*found[:3], b"." * 31] if len(found) == 4 else found


class Slow(InterleavedBcrypt):
    def digests(self, work: int, inputs: Sequence[BcryptInput]) -> list[bytes]:
        return [super(Slow, self).digests(work + 4, [each])[0] for each in inputs]


class Missing:
    def __init__(self) -> None:
        raise EngineUnavailable("nobody has installed it")


def test_here_the_extension_in_c_is_active(caplog: pytest.LogCaptureFixture) -> None:
    assert choose_engine().name == "interleaved"
    assert not caplog.records


@pytest.mark.parametrize(
    ("replacement", "reason"),
    [(Wrong, "it computes a wrong hash"), (Slow, "it is slower than the engine bcrypt"), (Missing, "nobody has")],
)
def test_an_engine_that_is_wrong_slow_or_missing_is_passed_over_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, replacement: type, reason: str
) -> None:
    replace(monkeypatch, interleaved=replacement)
    assert choose_engine().name in {"crypt", "bcrypt"}
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert f"passwords are hashed without the engine interleaved: {reason}" in warnings[0]


def test_the_package_is_the_last_resort(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    replace(monkeypatch, interleaved=Missing, crypt=Missing)
    assert isinstance(choose_engine(), PackageBcrypt)
    assert [record.args[0] for record in caplog.records if record.args] == ["interleaved", "crypt"]


def test_no_engine_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, interleaved=Missing, crypt=Missing, bcrypt=Wrong)
    with pytest.raises(EngineUnavailable, match="wrong hash"):
        choose_engine()


@pytest.mark.parametrize(
    ("name", "kind"), [("interleaved", InterleavedBcrypt), ("crypt", CryptBcrypt), ("bcrypt", PackageBcrypt)]
)
def test_a_name_forces_an_engine(name: str, kind: type) -> None:
    assert isinstance(choose_engine(name), kind)


@pytest.mark.parametrize("replacement", [Wrong, Missing])
def test_an_engine_that_is_forced_must_work(monkeypatch: pytest.MonkeyPatch, replacement: type) -> None:
    replace(monkeypatch, interleaved=replacement)
    with pytest.raises(EngineUnavailable):
        choose_engine("interleaved")


def test_an_engine_that_is_forced_may_be_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, interleaved=Slow)
    assert isinstance(choose_engine("interleaved"), Slow)


WITHOUT_EXTENSION = """
import sys
sys.modules["hexaccount_security._interleaved_bcrypt"] = None
import ctypes
from hexaccount_security import EngineUnavailable, choose_engine
if sys.argv[1:]:
    ctypes.CDLL = lambda name: exec("raise OSError")
print(choose_engine().name)
try:
    choose_engine("interleaved")
except EngineUnavailable as error:
    print(error)
"""


@pytest.mark.parametrize(("arguments", "name"), [([], "crypt"), (["no libcrypt"], "bcrypt")])
def test_a_service_without_the_extension_hashes_by_another_engine(
    tmp_path: Path, arguments: list[str], name: str
) -> None:
    command = [sys.executable, "-c", WITHOUT_EXTENSION, *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    engine, error = found.stdout.splitlines()
    assert engine == name
    assert "install a C compiler, then hexaccount again" in error
    assert "passwords are hashed without the engine interleaved" in found.stderr
