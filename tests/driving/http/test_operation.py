from collections.abc import Callable
from typing import Any

import pytest

from hexaccount.kernel.unit_of_work import StoreRefused, StoreUnavailable
from hexaccount.observability.readiness import FailedCheck, Readiness, ReadinessReport
from hexaccount.signing_keys.ports import SignerUnreadable
from hexaccount.store_kit.store import SchemaMismatch, SchemaMissing, SchemaTooNew, SchemaTooOld
from hexaccount_system import SystemClock

SECRET = "db-7.internal"


def readiness(
    trouble: Exception | None = None, *, draining: bool = False, degraded: tuple[str, ...] = ()
) -> Callable[[], ReadinessReport]:
    """Return what looks at a store that is in trouble, or at a key if that is the key's."""

    def check(*_: object, of_the_key: bool = False) -> None:
        if trouble is not None and isinstance(trouble, SignerUnreadable) == of_the_key:
            raise trouble

    return Readiness(
        clock=SystemClock(),
        draining=lambda: draining,
        check_store=check,
        check_signer=lambda _: check(of_the_key=True),
        degraded=lambda: degraded,
    ).look


def test_health_is_up_whatever_the_store_is(visit: Callable[..., Any]) -> None:
    visitor = visit(readiness=readiness(StoreUnavailable(), draining=True))

    assert (visitor.get("/health").status_code, visitor.get("/health").json) == (200, {"data": {"status": "up"}})


def test_ready_when_the_store_can_serve(visitor: Any) -> None:
    assert (visitor.get("/ready").status_code, visitor.get("/ready").json) == (200, {"data": {"status": "ready"}})


def test_ready_without_what_requests_can_do_without_which_is_named(visit: Callable[..., Any]) -> None:
    answer = visit(readiness=readiness(degraded=("cache", "events"))).get("/ready")

    assert (answer.status_code, answer.json) == (200, {"data": {"status": "ready", "degraded": ["cache", "events"]}})


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (StoreUnavailable(f"{SECRET} refused"), "store_unreachable"),
        (StoreRefused(f"{SECRET} is read-only", SECRET), "store_refuses"),
        (SchemaMissing(f"of {SECRET}"), "schema_missing"),
        (SchemaTooOld(f"of {SECRET}"), "schema_too_old"),
        (SchemaTooNew(f"of {SECRET}"), "schema_too_new"),
        (SchemaMismatch(f"of {SECRET}"), "schema_mismatch"),
        (SignerUnreadable(SECRET), "key_unreadable"),
    ],
)
def test_not_ready_with_a_code_of_what_is_missing_and_nothing_of_its_insides(
    visit: Callable[..., Any], caplog: pytest.LogCaptureFixture, trouble: Exception, code: str
) -> None:
    answer = visit(readiness=readiness(trouble, degraded=("cache",))).get("/ready")

    assert (answer.status_code, answer.json["code"]) == (503, code)
    assert answer.content_type == "application/problem+json"
    assert answer.json["title"] != "Service Unavailable"
    assert answer.headers["Retry-After"] == "5"
    assert SECRET not in answer.text
    assert str(trouble) in caplog.text


def test_not_ready_while_shutting_down_and_the_store_is_not_asked(visit: Callable[..., Any]) -> None:
    answer = visit(readiness=readiness(AssertionError(), draining=True)).get("/ready")

    assert (answer.status_code, answer.json["code"]) == (503, "draining")


def test_a_fault_is_not_taken_for_a_part_that_is_missing(visit: Callable[..., Any]) -> None:
    assert visit(readiness=readiness(AssertionError())).get("/ready").status_code == 500


def test_every_missing_part_has_a_code_of_its_own() -> None:
    assert len({missing.code for missing in FailedCheck}) == len(FailedCheck)
