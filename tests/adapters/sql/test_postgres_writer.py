from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.idempotency_records import request
from hexaccount.conformance.suites.texts import ADVERSARIAL
from hexaccount.conformance.suites.transactions import (
    all_users,
    disable,
    journal_of,
    profile_of,
    replace_hash,
    save,
    session_of,
    user_of,
)
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import AlreadyHandled
from hexaccount.idempotency.idempotency_records import IdempotencyRecords
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.transaction import Batch
from hexaccount_sql import SqlStore
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.postgres_writer import _statement

_CONTROLS = "".join(map(chr, [*range(1, 0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFF]))
_UNUSUAL = {**ADVERSARIAL, "controls": _CONTROLS, "every width": "\x01\x7f\u07ff\uffff\U0010ffff" * 200}


def test_a_commit_of_many_aggregates_is_one_statement(postgresql: SqlStore, factory: Factory) -> None:
    known, old_profile = factory.user(), factory.profile(factory.new_id())
    save(postgresql, known, old_profile)
    postgresql.outbox.subscribe("everything", ["*"])
    new = factory.user()
    session, profile = factory.session(new), factory.profile(new.id, bio="new")
    with postgresql.unit_of_work() as uow:
        Users(uow).get(known.id).disable(factory.now())
        Profiles(uow).find(old_profile.id).update({"bio": "changed"}, factory.now())
        Users(uow).add(new)
        Sessions(uow).add(session)
        Profiles(uow).add(profile)
        uow.inbox.add("subscriber", factory.new_id())
        Users(uow).get(known.id).renew_hash(old=known.password_hash, new="another hash")
        IdempotencyRecords(uow).complete(request(), new.id)
        statements = recorded_statements(postgresql)
        uow.commit()
    assert len(statements) == 1
    assert user_of(postgresql, known.id).disabled
    assert user_of(postgresql, known.id).password_hash == "another hash"
    assert profile_of(postgresql, old_profile.id).bio == "changed"
    assert session_of(postgresql, session.id) is not None
    assert profile_of(postgresql, new.id).bio == "new"
    with postgresql.unit_of_work() as uow:
        assert IdempotencyRecords(uow).find("key") == replace(request(), user_id=new.id)


def test_the_text_of_a_commit_depends_on_the_tables_only(postgresql: SqlStore, factory: Factory) -> None:
    statements = recorded_statements(postgresql)
    _statement.cache_clear()
    for size in (1, 2, 7):
        save(postgresql, *(factory.user() for _ in range(size)))
    assert len(set(statements)) == 1
    assert _statement.cache_info().misses == 1


def test_a_repeated_commit_is_prepared_once(postgresql: SqlStore, factory: Factory) -> None:
    for _ in range(12):
        save(postgresql, factory.user())
    with postgresql._engine.connect() as connection:
        prepared = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
    assert len([statement for statement in prepared if "insert_users" in statement]) == 1


def test_unusual_texts_are_stored_exactly(postgresql: SqlStore, factory: Factory) -> None:
    for text in _UNUSUAL.values():
        user = factory.user(password_hash=text)
        session, profile = factory.session(user), factory.profile(user.id, bio="text")
        session.user_agent = profile.bio = profile.address = text  # bypasses the domain's checks
        save(postgresql, user, session, profile)
        stored = profile_of(postgresql, user.id)
        assert (stored.bio, stored.address) == (text, text)
        assert session_of(postgresql, session.id).user_agent == text
        replace_hash(postgresql, user.id, old=text, new=f"{text}{text}")
        assert user_of(postgresql, user.id).password_hash == text * 2


def test_unusual_texts_of_events_are_stored_exactly(postgresql: SqlStore, factory: Factory) -> None:
    entry = entry_of(postgresql, factory)._replace(data={f"{name} {text}": text for name, text in _UNUSUAL.items()})
    with PlainConnection(postgresql._engine) as connection:
        postgresql._writer.write(connection, Batch([], [entry], []))
    with postgresql.unit_of_work() as uow:
        assert uow.journal.of(entry.aggregate, entry.aggregate_id) == [entry]


def test_null_and_the_empty_text_are_different(postgresql: SqlStore, factory: Factory) -> None:
    profile = factory.profile(factory.new_id(), bio="", phone=None)
    save(postgresql, profile)
    stored = profile_of(postgresql, profile.id)
    assert (stored.bio, stored.phone) == (profile.bio, None)


def test_a_stale_change_beside_new_rows_leaves_nothing(postgresql: SqlStore, factory: Factory) -> None:
    known, new, event = factory.user(), factory.user(), factory.new_id()
    save(postgresql, known)
    postgresql.outbox.subscribe("everything", ["*"])
    with postgresql.unit_of_work() as uow:
        Users(uow).get(known.id).disable(factory.now())
        disable(postgresql, known.id, factory.now())
        before = counts(postgresql)
        Users(uow).add(new)
        Profiles(uow).add(factory.profile(new.id))
        uow.inbox.add("subscriber", event)
        with pytest.raises(StaleVersion):
            uow.commit()
    assert counts(postgresql) == before
    assert [user.id for user in all_users(postgresql)] == [known.id]


@pytest.mark.parametrize("name", ["inbox", "inbox_pkey", "users_name_key", "users_email_key", "journal_pkey"])
def test_a_refusal_is_derived_from_the_constraint_and_not_from_values(
    store: SqlStore, factory: Factory, name: str
) -> None:
    save(store, factory.user(name, f"{name}@users_email_key.example".replace("_", "-")))
    with pytest.raises(UserNameTaken):
        save(store, factory.user(name, "another@example.org"))
    with pytest.raises(EmailTaken):
        save(store, factory.user("another", f"{name}@users_email_key.example".replace("_", "-")))
    with store.unit_of_work() as uow:
        uow.inbox.add(name, factory.new_id())
        Users(uow).add(factory.user(name, "third@example.org"))
        with pytest.raises(UserNameTaken):
            uow.commit()


@pytest.mark.parametrize("subscriber", ["users_name_key", "users_email_key", "users.name_key"])
def test_a_subscriber_may_have_the_name_of_a_constraint(store: SqlStore, factory: Factory, subscriber: str) -> None:
    event = factory.new_id()
    handle(store, subscriber, event)
    with pytest.raises(AlreadyHandled):
        handle(store, subscriber, event)


def entry_of(store: SqlStore, factory: Factory) -> JournalEntry:
    """Return a new entry, derived from a stored one."""
    user = factory.user()
    save(store, user)
    return journal_of(store, user)[0]._replace(id=factory.new_id(), aggregate_id=factory.new_id())


def handle(store: SqlStore, subscriber: str, event: object) -> None:
    with store.unit_of_work() as uow:
        uow.inbox.add(subscriber, event)
        uow.commit()


def recorded_statements(store: SqlStore) -> list[str]:
    """Return a list to which every statement sent from now on is appended."""
    statements: list[str] = []
    note: Callable[..., None] = lambda *sent: statements.append(sent[2])  # noqa: E731 - a listener
    sa.event.listen(store._engine, "before_cursor_execute", note)
    return statements


def counts(store: SqlStore) -> list[int]:
    tables = ("users", "profiles", "sessions", "journal", "deliveries", "inbox")
    with store._engine.connect() as connection:
        return [connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() for table in tables]
