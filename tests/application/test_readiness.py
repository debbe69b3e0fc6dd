import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.observability.readiness import FailedCheck, Readiness, ReadinessReport
from hexaccount.signing_keys.add_key import AddKey
from hexaccount.store_kit.store import SchemaMissing
from hexaccount_system import SystemClock


class Troubled:
    """A store in a trouble that changes."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None

    def check(self) -> None:
        if self.trouble:
            raise self.trouble


@pytest.fixture
def store() -> Troubled:
    return Troubled()


@pytest.fixture
def look(store: Troubled) -> Callable[[], ReadinessReport]:
    return Readiness(
        clock=SystemClock(),
        draining=lambda: False,
        check_store=store.check,
        check_signer=lambda _: None,
        degraded=lambda: ["cache"],
    ).look


def test_a_change_is_logged_once_with_its_reason(
    store: Troubled, look: Callable[[], ReadinessReport], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for trouble in (None, None, StoreUnavailable("one"), StoreUnavailable("one"), SchemaMissing("two"), None, None):
        store.trouble = trouble
        look()
    assert caplog.messages == [
        "not ready, store_unreachable: one",
        "not ready, schema_missing: two",
        "ready again",
    ]


def test_what_is_done_without_is_told_of_what_is_ready_only(
    store: Troubled, look: Callable[[], ReadinessReport]
) -> None:
    assert look() == ReadinessReport(None, ("cache",))
    store.trouble = StoreUnavailable()
    assert look() == ReadinessReport(FailedCheck.STORE_UNREACHABLE, ())


def test_who_cannot_open_the_key_that_signs_is_not_ready_and_is_once_it_is_gone() -> None:
    with open_service(Settings(store="memory://", jwt=JwtSettings(key="k" * 40))) as right:
        added = right.bus.handle(AddKey(signs_after=timedelta()))
        wrong_settings = Settings(store="memory://", jwt=JwtSettings(key="w" * 40))
        with open_service(wrong_settings, store=right.store) as wrong:
            assert right.readiness(lambda: False).look().missing is None
            assert wrong.readiness(lambda: False).look().missing is FailedCheck.KEY_UNREADABLE
            right.store.signing_keys.remove(added.kid)
        with open_service(wrong_settings, store=right.store) as wrong:
            assert wrong.readiness(lambda: False).look().missing is None


def test_a_key_that_does_not_sign_yet_need_not_be_opened() -> None:
    with open_service(Settings(store="memory://", jwt=JwtSettings(key="k" * 40))) as right:
        right.bus.handle(AddKey())
        wrong_settings = Settings(store="memory://", jwt=JwtSettings(key="w" * 40))
        with open_service(wrong_settings, store=right.store) as wrong:
            assert wrong.readiness(lambda: False).look().missing is None
