from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.conformance.suites.keyed_requests import request
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import (
    all_users,
    disable,
    journal_of,
    profile_of,
    replace_hash,
    save,
    session_of,
    user_of,
)
from hexaccount.conformance.suites.texts import ADVERSARIAL
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount_sql import SqlStore, schema
from hexaccount_sql.postgres_writer import _statement
from hexaccount_sql.rows import entry_row
from hexaccount_sql.writes import Writes

_CONTROLS = "".join(map(chr, [*range(1, 0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFF]))
_ODD = {**ADVERSARIAL, "controls": _CONTROLS, "every width": "\x01\x7f\u07ff\uffff\U0010ffff" * 200}


def test_a_commit_of_many_aggregates_is_one_statement(postgresql: SqlStore, people: People) -> None:
    known, old_profile = people.user(), people.profile(people.new_id())
    save(postgresql, known, old_profile)
    postgresql.outbox.subscribe("everything", ["*"])
    new = people.user()
    session, profile = people.session(new), people.profile(new.id, bio="new")
    with postgresql.unit_of_work() as uow:
        uow.users.get(known.id).disable(people.now())
        uow.profiles.find(old_profile.id).update({"bio": "changed"}, people.now())
        uow.users.add(new)
        uow.sessions.add(session)
        uow.profiles.add(profile)
        uow.inbox.add("somebody", people.new_id())
        uow.users.replace_hash(known.id, old=known.password_hash, new="another hash")
        uow.idempotency_records.complete(request(), new.id)
        statements = noted_statements(postgresql)
        uow.commit()
    assert len(statements) == 1
    assert user_of(postgresql, known.id).disabled
    assert user_of(postgresql, known.id).password_hash == "another hash"
    assert profile_of(postgresql, old_profile.id).bio == "changed"
    assert session_of(postgresql, session.id) is not None
    assert profile_of(postgresql, new.id).bio == "new"
    with postgresql.unit_of_work() as uow:
        assert uow.idempotency_records.find("key") == replace(request(), user_id=new.id)


def test_the_text_of_a_commit_depends_on_the_tables_only(postgresql: SqlStore, people: People) -> None:
    statements = noted_statements(postgresql)
    _statement.cache_clear()
    for size in (1, 2, 7):
        save(postgresql, *(people.user() for _ in range(size)))
    assert len(set(statements)) == 1
    assert _statement.cache_info().misses == 1


def test_a_repeated_commit_is_prepared_once(postgresql: SqlStore, people: People) -> None:
    for _ in range(12):
        save(postgresql, people.user())
    with postgresql._engine.connect() as connection:
        prepared = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
    assert len([statement for statement in prepared if "insert_users" in statement]) == 1


def test_odd_texts_come_back_exactly(postgresql: SqlStore, people: People) -> None:
    for text in _ODD.values():
        user = people.user(password_hash=text)
        session, profile = people.session(user), people.profile(user.id, bio="told")
        session.user_agent = profile.bio = profile.address = text  # whatever the domain makes of it at the door
        save(postgresql, user, session, profile)
        stored = profile_of(postgresql, user.id)
        assert (stored.bio, stored.address) == (text, text)
        assert session_of(postgresql, session.id).user_agent == text
        replace_hash(postgresql, user.id, old=text, new=f"{text}{text}")
        assert user_of(postgresql, user.id).password_hash == text * 2


def test_odd_texts_of_events_come_back_exactly(postgresql: SqlStore, people: People) -> None:
    entry = replace(entry_of(postgresql, people), data={f"{name} {text}": text for name, text in _ODD.items()})
    with postgresql._engine.connect() as connection:
        postgresql._writer.write(connection, Writes(inserts={schema.journal: [entry_row(entry)]}))
    with postgresql.unit_of_work() as uow:
        assert uow.journal.of(entry.aggregate, entry.aggregate_id) == [entry]


def test_nothing_and_the_empty_text_stay_two_things(postgresql: SqlStore, people: People) -> None:
    profile = people.profile(people.new_id(), bio="", phone=None)
    save(postgresql, profile)
    stored = profile_of(postgresql, profile.id)
    assert (stored.bio, stored.phone) == (profile.bio, None)


def test_a_stale_change_beside_new_rows_leaves_nothing(postgresql: SqlStore, people: People) -> None:
    known, new, event = people.user(), people.user(), people.new_id()
    save(postgresql, known)
    postgresql.outbox.subscribe("everything", ["*"])
    with postgresql.unit_of_work() as uow:
        uow.users.get(known.id).disable(people.now())
        disable(postgresql, known.id, people.now())
        before = counts(postgresql)
        uow.users.add(new)
        uow.profiles.add(people.profile(new.id))
        uow.inbox.add("somebody", event)
        with pytest.raises(StaleVersion):
            uow.commit()
    assert counts(postgresql) == before
    assert [user.id for user in all_users(postgresql)] == [known.id]


@pytest.mark.parametrize("name", ["inbox", "inbox_pkey", "users_name_key", "users_email_key", "journal_pkey"])
def test_a_refusal_is_told_from_the_constraint_and_not_from_what_people_chose(
    store: SqlStore, people: People, name: str
) -> None:
    save(store, people.user(name, f"{name}@users_email_key.example".replace("_", "-")))
    with pytest.raises(UserNameTaken):
        save(store, people.user(name, "another@example.org"))
    with pytest.raises(EmailTaken):
        save(store, people.user("another", f"{name}@users_email_key.example".replace("_", "-")))
    with store.unit_of_work() as uow:
        uow.inbox.add(name, people.new_id())
        uow.users.add(people.user(name, "third@example.org"))
        with pytest.raises(UserNameTaken):
            uow.commit()


@pytest.mark.parametrize("subscriber", ["users_name_key", "users_email_key", "users.name_key"])
def test_a_subscriber_may_have_the_name_of_a_constraint(store: SqlStore, people: People, subscriber: str) -> None:
    event = people.new_id()
    handle(store, subscriber, event)
    with pytest.raises(AlreadyHandled):
        handle(store, subscriber, event)


def entry_of(store: SqlStore, people: People) -> JournalEntry:
    """Return an entry that is not stored, made of one that is."""
    user = people.user()
    save(store, user)
    return replace(journal_of(store, user)[0], id=people.new_id(), aggregate_id=people.new_id())


def handle(store: SqlStore, subscriber: str, event: object) -> None:
    with store.unit_of_work() as uow:
        uow.inbox.add(subscriber, event)
        uow.commit()


def noted_statements(store: SqlStore) -> list[str]:
    """Return a list that grows by every statement sent from now on."""
    statements: list[str] = []
    note: Callable[..., None] = lambda *sent: statements.append(sent[2])  # noqa: E731 - a listener
    sa.event.listen(store._engine, "before_cursor_execute", note)
    return statements


def counts(store: SqlStore) -> list[int]:
    tables = ("users", "profiles", "sessions", "journal", "deliveries", "inbox")
    with store._engine.connect() as connection:
        return [connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() for table in tables]
