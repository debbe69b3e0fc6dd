from collections.abc import Callable
from typing import Any

import pytest

from hexaccount.application.ports.store import SchemaMismatch
from hexaccount.application.ports.unit_of_work import StoreUnavailable


def test_health_is_up_whatever_the_store_is(visit: Callable[..., Any]) -> None:
    visitor = visit(readiness=_fail(StoreUnavailable()), draining=lambda: True)

    assert (visitor.get("/health").status_code, visitor.get("/health").json) == (200, {"data": {"status": "up"}})


def test_ready_when_the_store_can_serve(visitor: Any) -> None:
    assert (visitor.get("/ready").status_code, visitor.get("/ready").json) == (200, {"data": {"status": "ready"}})


@pytest.mark.parametrize("error", [StoreUnavailable("db-7.internal refused"), SchemaMismatch("run as db-owner")])
def test_not_ready_without_a_store_of_the_right_schema_and_says_nothing_of_its_insides(
    visit: Callable[..., Any], caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    answer = visit(readiness=_fail(error)).get("/ready")

    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert "db-" not in answer.text
    assert str(error) in caplog.text


def test_not_ready_while_shutting_down_and_the_store_is_not_asked(visit: Callable[..., Any]) -> None:
    answer = visit(readiness=_fail(AssertionError()), draining=lambda: True).get("/ready")

    assert (answer.status_code, answer.json["code"]) == (503, "draining")


def _fail(error: Exception) -> Callable[[], None]:
    def readiness() -> None:
        raise error

    return readiness
