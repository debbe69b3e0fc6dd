import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.observability.readiness import FailedCheck, Readiness, ReadinessReport
from hexaccount.signing_keys.add_key import AddKey
from hexaccount.signing_keys.signing_keys import SigningKeys
from hexaccount.store_kit.store import SchemaMissing
from hexaccount_system import SystemClock
from tests.signing_key import OTHER_SIGNING_KEY, SIGNING_KEY


class FailingStore:
    """A store whose check raises `error`."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def check(self) -> None:
        if self.error:
            raise self.error


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


@pytest.fixture
def check(store: FailingStore) -> Callable[[], ReadinessReport]:
    return Readiness(
        clock=SystemClock(),
        draining=lambda: False,
        check_store=store.check,
        check_signer=lambda _: None,
        degraded=lambda: ["cache"],
    ).check


def test_a_change_is_logged_once_with_its_reason(
    store: FailingStore, check: Callable[[], ReadinessReport], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for error in (None, None, StoreUnavailable("one"), StoreUnavailable("one"), SchemaMissing("two"), None, None):
        store.error = error
        check()
    assert caplog.messages == [
        "not ready, store_unreachable: one",
        "not ready, schema_missing: two",
        "ready again",
    ]


def test_degraded_parts_are_reported_only_if_ready(store: FailingStore, check: Callable[[], ReadinessReport]) -> None:
    assert check() == ReadinessReport(None, ("cache",))
    store.error = StoreUnavailable()
    assert check() == ReadinessReport(FailedCheck.STORE_UNREACHABLE, ())


def test_a_process_that_cannot_decrypt_the_signing_key_is_not_ready_until_it_is_removed() -> None:
    with open_service(Settings(store="memory://", jwt=JwtSettings(key=SIGNING_KEY))) as owner:
        added = owner.bus.handle(AddKey(signs_after=timedelta()))
        other_settings = Settings(store="memory://", jwt=JwtSettings(key=OTHER_SIGNING_KEY))
        with open_service(other_settings, store=owner.store) as other:
            assert owner.readiness(lambda: False).check().failed is None
            assert other.readiness(lambda: False).check().failed is FailedCheck.KEY_UNREADABLE
            SigningKeys(owner.store.unit_of_work).remove(added.kid)
        with open_service(other_settings, store=owner.store) as other:
            assert other.readiness(lambda: False).check().failed is None


def test_a_key_that_does_not_sign_yet_need_not_be_decrypted() -> None:
    with open_service(Settings(store="memory://", jwt=JwtSettings(key=SIGNING_KEY))) as owner:
        owner.bus.handle(AddKey())
        other_settings = Settings(store="memory://", jwt=JwtSettings(key=OTHER_SIGNING_KEY))
        with open_service(other_settings, store=owner.store) as other:
            assert other.readiness(lambda: False).check().failed is None
