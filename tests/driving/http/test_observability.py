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
    """Return the check of a store, or of a key, that fails with `trouble`."""

    def check(*_: object, of_the_key: bool = False) -> None:
        if trouble is not None and isinstance(trouble, SignerUnreadable) == of_the_key:
            raise trouble

    return Readiness(
        clock=SystemClock(),
        draining=lambda: draining,
        check_store=check,
        check_signer=lambda _: check(of_the_key=True),
        degraded=lambda: degraded,
    ).check


def test_health_is_up_in_every_state_of_the_store(make_client: Callable[..., Any]) -> None:
    client = make_client(readiness=readiness(StoreUnavailable(), draining=True))

    assert (client.get("/health").status_code, client.get("/health").json) == (200, {"data": {"status": "up"}})


def test_ready_when_the_store_can_serve(client: Any) -> None:
    assert (client.get("/ready").status_code, client.get("/ready").json) == (200, {"data": {"status": "ready"}})


def test_ready_while_degraded_names_the_degraded_parts(make_client: Callable[..., Any]) -> None:
    answer = make_client(readiness=readiness(degraded=("cache", "events"))).get("/ready")

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
def test_not_ready_with_the_code_of_the_missing_part_and_no_internal_detail(
    make_client: Callable[..., Any], caplog: pytest.LogCaptureFixture, trouble: Exception, code: str
) -> None:
    answer = make_client(readiness=readiness(trouble, degraded=("cache",))).get("/ready")

    assert (answer.status_code, answer.json["code"]) == (503, code)
    assert answer.content_type == "application/problem+json"
    assert answer.json["title"] != "Service Unavailable"
    assert answer.headers["Retry-After"] == "5"
    assert SECRET not in answer.text
    assert str(trouble) in caplog.text


def test_not_ready_while_shutting_down_without_checking_the_store(make_client: Callable[..., Any]) -> None:
    answer = make_client(readiness=readiness(AssertionError(), draining=True)).get("/ready")

    assert (answer.status_code, answer.json["code"]) == (503, "draining")


def test_an_unexpected_fault_is_not_reported_as_a_missing_part(make_client: Callable[..., Any]) -> None:
    assert make_client(readiness=readiness(AssertionError())).get("/ready").status_code == 500


def test_every_missing_part_has_its_own_code() -> None:
    assert len({missing.code for missing in FailedCheck}) == len(FailedCheck)
