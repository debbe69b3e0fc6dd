from uuid import UUID

import pytest

from hexaccount.kernel import repetition
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import StaleVersion

STALE = StaleVersion("user", UUID(int=1))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(repetition.time, "sleep", pauses.append)
    return pauses


def test_work_on_a_stale_version_is_repeated_with_the_same_arguments(pauses: list[float]) -> None:
    calls: list[tuple[int, str]] = []

    @repeat_when_stale
    def work(number: int, *, name: str) -> str:
        calls.append((number, name))
        if len(calls) < 4:
            raise STALE
        return "done"

    assert work(7, name="x") == "done"
    assert calls == [(7, "x")] * 4
    assert len(pauses) == 3


def test_pauses_and_attempts_are_bounded(pauses: list[float]) -> None:
    @repeat_when_stale
    def always_stale() -> None:
        raise STALE

    with pytest.raises(StaleVersion):
        always_stale()
    assert len(pauses) == 49
    assert all(0 <= pause <= 0.05 for pause in pauses)


def test_other_errors_are_not_repeated(pauses: list[float]) -> None:
    calls: list[None] = []

    @repeat_when_stale
    def broken() -> None:
        calls.append(None)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert (len(calls), pauses) == (1, [])
