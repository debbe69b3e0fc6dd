"""The statements of an attempt, which PostgreSQL counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.kernel.rate_limit import GcraBucket, RateLimit
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.rate_limits.ports import LimitExceeded
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_sql import SqlStore, schema
from tests.people import PASSWORD, registration
from tests.signing_key import SIGNING_KEY

LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))


@pytest.fixture
def store(postgresql: SqlStore) -> SqlStore:
    return postgresql


def keys_of(store: SqlStore) -> set[str]:
    with store._engine.connect() as connection:
        return set(connection.execute(sa.select(schema.rate_limits.c.key)).scalars())


@contextmanager
def statements(store: SqlStore) -> Iterator[list[str]]:
    """Collect what is sent."""
    sent: list[str] = []

    def note(connection: sa.Connection, cursor: Any, statement: str, *more: Any) -> None:
        sent.append(statement)

    sa.event.listen(store._engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(store._engine, "before_cursor_execute", note)


@pytest.mark.parametrize(("keys", "expected"), [(("key",), [4, 1, 1, 1, 1, 2]), (("key", "other"), [2, 2, 2, 2, 2, 3])])
def test_an_admitted_attempt_is_one_statement_at_one_key_and_two_at_several(
    store: SqlStore, keys: Sequence[str], expected: list[int]
) -> None:
    now = AdjustableClock().now()
    counts = []
    for _ in range(6):
        with statements(store) as sent, suppress(LimitExceeded):
            store.rate_limits.acquire(dict.fromkeys(keys, LIMIT), now)
        counts.append(len(sent))
    assert counts == expected


def test_no_statement_of_an_attempt_waits_for_the_disk(postgresql: SqlStore) -> None:
    """A new row would take longer than one that is stored."""
    limits = {"key": LIMIT, "other": LIMIT}
    with statements(postgresql) as sent:
        postgresql.rate_limits.acquire(limits, AdjustableClock().now())
        postgresql.rate_limits.refund(limits, timedelta())
    assert ["set_config" in statement for statement in sent] == [True] * 3


def test_a_connection_commits_synchronously_again_after_an_attempt(postgresql: SqlStore) -> None:
    postgresql.rate_limits.acquire({"key": LIMIT}, AdjustableClock().now())
    postgresql.rate_limits.refund({"key": LIMIT}, timedelta())
    with postgresql._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        # It is the connection that the attempt has used: no other is open.
        assert postgresql._engine.pool.checkedin() == 0  # type: ignore[attr-defined]  # a QueuePool


def test_statements_are_not_planned_anew_for_each_attempt(postgresql: SqlStore) -> None:
    """A plan takes longer than its execution."""
    limits = dict.fromkeys(("key", "other"), RateLimit.of(100, 1, 100, 1))
    for _ in range(20):
        for some in (limits, {"key": limits["key"]}):
            postgresql.rate_limits.acquire(some, AdjustableClock().now())
            postgresql.rate_limits.refund(some, timedelta())
    with postgresql._engine.connect() as connection:
        prepared = connection.exec_driver_sql("SELECT statement, custom_plans FROM pg_prepared_statements").all()
    # PostgreSQL makes five plans for the parameters at hand before it keeps one for any.
    assert [plans for statement, plans in prepared if "listed" in statement] == [5, 5, 5], prepared


@pytest.fixture
def clock() -> AdjustableClock:
    return AdjustableClock()


@pytest.fixture
def service(store: SqlStore, clock: AdjustableClock) -> Iterator[Service]:
    """Give a service with the user juliet and the disabled user tybalt."""
    settings = Settings(store="memory://", jwt=JwtSettings(key=SIGNING_KEY), password=PasswordSettings(cost=4))
    with open_service(settings, store=store, clock=clock, rate_limits=store.rate_limits) as service:
        service.bus.handle(registration("juliet"))
        service.bus.handle(DisableUser(user_id=service.bus.handle(registration("tybalt"))))
        yield service


def test_a_wrong_password_sends_the_same_statements_whether_or_not_the_user_exists(
    service: Service, store: SqlStore
) -> None:
    """Six attempts for each name, of which the rate limit refuses the last."""
    sent_for: dict[str, list[Any]] = {}
    for name in ("juliet", "tybalt", "romeo", "ro meo"):
        sent_for[name] = []
        for number in range(6):
            guess = LogIn(user_name=name, password=PASSWORD if name == "tybalt" else "wrong", client_address=name)
            with statements(store) as sent, pytest.raises(TooManyAttempts if number == 5 else WrongCredentials):
                service.bus.handle(guess)
            sent_for[name].append(Counter(sent))
    assert sent_for["juliet"] == sent_for["tybalt"] == sent_for["romeo"] == sent_for["ro meo"]
    assert [sum(counts.values()) for counts in sent_for["juliet"]] == [5] * 5 + [3]  # the last finds no account


def test_a_first_guess_sends_the_same_statements_whether_or_not_an_owner_has_logged_in(
    service: Service, store: SqlStore
) -> None:
    """By the other name and from elsewhere, so that the account alone has rows."""
    service.bus.handle(LogIn(user_name="juliet@example.org", password=PASSWORD, client_address="192.0.2.7"))
    rows, sent_for = [], []
    for number, name in enumerate(("juliet", "romeo")):
        before = keys_of(store)
        guess = LogIn(user_name=name, password="wrong", client_address=f"203.0.113.{number}")
        with statements(store) as sent, pytest.raises(WrongCredentials):
            service.bus.handle(guess)
        sent_for.append(sent)
        rows.append(len(keys_of(store) - before))
    assert rows == [4, 6]
    assert sent_for[0] == sent_for[1]


def test_an_attempt_at_a_user_under_attack_sends_the_same_statements_too(service: Service, store: SqlStore) -> None:
    def guess(name: str, address: str) -> None:
        service.bus.handle(LogIn(user_name=name, password="wrong", client_address=address))

    sent_for = []
    for name in ("juliet", "romeo"):
        for number in range(40):
            with pytest.raises(WrongCredentials):
                guess(name, f"192.0.2.{number}")
        with statements(store) as sent, pytest.raises(TooManyAttempts):
            guess(name, "192.0.2.99")
        sent_for.append(Counter(sent))
    assert sent_for[0] == sent_for[1]


def test_an_attempt_whose_rows_keep_disappearing_fails_as_unavailable(store: SqlStore) -> None:
    """Another client deletes the rows between the statements, each time."""
    sent: list[str] = []

    def clear(connection: sa.Connection, cursor: Any, statement: str, *more: Any) -> None:
        sent.append(statement)
        if "UPDATE" in statement:
            cursor.execute("DELETE FROM rate_limits")

    sa.event.listen(store._engine, "before_cursor_execute", clear)
    with pytest.raises(StoreUnavailable):
        store.rate_limits.acquire({"key": LIMIT}, AdjustableClock().now())
    tries = [statement for statement in sent if "UPDATE rate_limits" in statement]
    assert len(tries) == 10


def test_the_table_contains_no_input_of_users(service: Service, store: SqlStore) -> None:
    for text in ("juliet", "my password by mistake", "romeo@example.org"):
        with pytest.raises(WrongCredentials):
            service.bus.handle(LogIn(user_name=text, password="wrong", client_address="192.0.2.7"))
    keys = " ".join(keys_of(store))
    assert keys
    for part in ("juliet", "password", "romeo", "example", "192.0.2", "login"):
        assert part not in keys


def test_simultaneous_attempts_are_counted_one_by_one(store: SqlStore) -> None:
    now: datetime = AdjustableClock().now()
    for number in range(1, 6):
        assert store.rate_limits.acquire({"key": LIMIT}, now)["key"].burst_until == now + number * timedelta(seconds=12)
