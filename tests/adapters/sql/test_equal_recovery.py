"""Asking for the recovery of an account sends the same statements whether there is one or not."""

from datetime import timedelta

import pytest

from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.mail.mail_policy import MailPolicy
from hexaccount.mail.purposes import RECOVERY
from hexaccount.mail.request_recovery import RequestRecovery, request_recovery
from hexaccount_sql import SqlStore
from hexaccount_system import SystemClock, Uuid7Identifiers
from tests.plans.sql import statements_of

POLICY = MailPolicy(
    configured=True,
    link_base="https://accounts.example.org/account",
    domain="example.org",
    lifetimes={RECOVERY.name: timedelta(hours=1)},
)


def statements_for(store: SqlStore, login: str) -> list[str]:
    def ask() -> None:
        request_recovery(
            RequestRecovery(login=login),
            unit_of_work=store.unit_of_work,
            policy=POLICY,
            identifiers=Uuid7Identifiers(),
            clock=SystemClock(),
        )

    # One notification is for all commits of some milliseconds, and is sent by another thread.
    sent = (statement for statement, _ in statements_of(ask, borders=True))
    return [statement for statement in sent if "pg_notify" not in statement]


@pytest.mark.parametrize(
    ("known", "unknown"), [("ada", "eve"), ("ada@example.org", "eve@example.org"), ("ada", "ev e")]
)
def test_a_name_that_no_account_has_costs_the_same_statements(
    store: SqlStore, factory: Factory, known: str, unknown: str
) -> None:
    save(store, factory.user("ada", "ada@example.org"))
    store.outbox.subscribe("mail", ["*"])
    statements_for(store, known)  # the first one may look for the subscriptions

    of_known, of_unknown = statements_for(store, known), statements_for(store, unknown)

    assert of_known == of_unknown
    assert any("one_time_tokens" in statement for statement in of_known)
