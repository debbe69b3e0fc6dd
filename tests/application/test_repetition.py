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


def test_work_that_lost_a_race_begins_anew_with_the_same_arguments(pauses: list[float]) -> None:
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


def test_pauses_are_short_and_grow_no_longer_than_their_bound(pauses: list[float]) -> None:
    @repeat_when_stale
    def hopeless() -> None:
        raise STALE

    with pytest.raises(StaleVersion):
        hopeless()
    assert len(pauses) == 49
    assert all(0 <= pause <= 0.05 for pause in pauses)


def test_nothing_but_a_lost_race_is_repeated(pauses: list[float]) -> None:
    calls: list[None] = []

    @repeat_when_stale
    def broken() -> None:
        calls.append(None)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert (len(calls), pauses) == (1, [])
