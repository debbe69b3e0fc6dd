from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.role import Role
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import SOURCE, ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import journal_of, save, user_of
from hexaccount.events.event_codec import from_entry
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.store_kit.store import Store

_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_CAUSE: dict[str, Any] = {
    "actor": "admin:ada@host",
    "session_id": UUID(int=7),
    "network": "2001:db8::/64",
    "request_id": "request-1",
    "causation_id": "event-1",
    "traceparent": _TRACE,
    "reason": "a letter, of Ærø",
}


class JournalContract(ContractSuite):
    """Every change is stored with the events that describe it, and they do not change later."""

    def test_an_entry_holds_all_attributes_of_a_cloud_event(self, store: Store, factory: Factory) -> None:
        at = datetime(2026, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
        user = factory.user("anna", "anna@example.org", role=Role.ADMIN, at=at)
        with caused_by(Cause(**_CAUSE)):
            save(store, user)
        (entry,) = journal_of(store, user)
        assert entry == JournalEntry(
            id=entry.id,
            type="hexaccount.user.registered.v1",
            source=SOURCE,
            subject=user.id,
            time=at,
            aggregate="user",
            aggregate_id=user.id,
            sequence=1,
            dataschema="urn:hexaccount:schema:hexaccount.user.registered.v1",
            **_CAUSE,
            data={
                "user_id": str(user.id),
                "user_name": "anna",
                "email": "anna@example.org",
                "first_name": "Ada",
                "last_name": "Lovelace",
                "avatar_identifier": user.id.hex,
                "role": "admin",
            },
        )

    def test_the_values_of_an_entry_have_the_types_of_the_port(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user, factory.profile(user.id, bio="text", phone=None))
        for entry in (*journal_of(store, user), *journal_of(store, factory.profile(user.id))):
            assert [type(value) for value in (entry.id, entry.subject, entry.aggregate_id)] == [UUID] * 3
            assert (entry.id.version, entry.id.variant) == (7, "specified in RFC 4122")
            assert (type(entry.time), entry.time.utcoffset()) == (datetime, timedelta(0))
            assert (type(entry.sequence), type(entry.type), type(entry.source)) == (int, str, str)
            assert isinstance(entry.data, Mapping)

    def test_without_a_cause_the_service_acts(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user)
        (entry,) = journal_of(store, user)
        assert {name: getattr(entry, name) for name in _CAUSE} == dict.fromkeys(_CAUSE) | {"actor": "service"}

    def test_a_client_without_authentication_acts_as_the_user_of_the_event(
        self, store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        with caused_by(Cause(actor=None)):
            save(store, user)
        (entry,) = journal_of(store, user)
        assert entry.actor == f"user:{user.id}"

    def test_every_event_type_is_read_as_it_was_recorded(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        session = factory.session(user)
        profile = factory.profile(user.id, bio="a", phone="+49 30 901820", address="b\nc")
        profile.update({"bio": None, "phone": ""}, factory.now())
        user.disable(factory.now())
        user.enable(factory.now())
        session.close(factory.now())
        recorded = {aggregate.kind: list(aggregate.pending) for aggregate in (user, session, profile)}
        save(store, user, session, profile)
        for aggregate in (user, session, profile):
            entries = journal_of(store, aggregate)
            assert [from_entry(entry) for entry in entries] == recorded[aggregate.kind]
            assert [entry.sequence for entry in entries] == list(range(1, aggregate.version + 1))
            assert {entry.subject for entry in entries} == {user.id}

    def test_account_and_profile_with_one_id_have_separate_journals(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user, factory.profile(user.id))
        assert [entry.aggregate for entry in journal_of(store, user)] == ["user"]
        with store.unit_of_work() as uow:
            assert [entry.aggregate for entry in uow.journal.of("profile", user.id)] == ["profile"]
            assert not uow.journal.of("session", user.id)

    def test_an_unknown_aggregate_has_an_empty_journal(self, store: Store, factory: Factory) -> None:
        with store.unit_of_work() as uow:
            assert list(uow.journal.of("user", factory.new_id())) == []

    def test_the_journal_holds_no_event_before_its_commit(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        with store.unit_of_work() as uow:
            Users(uow).add(user)
            assert not uow.journal.of("user", user.id)
            assert not journal_of(other_store, user)
            uow.commit()
            assert len(journal_of(other_store, user)) == 1

    def test_the_events_of_several_commits_have_no_gap(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        save(store, user)
        for number in range(12):
            with (store, other_store)[number % 2].unit_of_work() as uow:
                found = Users(uow).get(user.id)
                (found.disable, found.enable)[number % 2](factory.now())
                uow.commit()
        assert [entry.sequence for entry in journal_of(store, user)] == list(range(1, 14))

    def test_each_event_of_a_batch_names_its_own_cause(self, store: Store, factory: Factory) -> None:
        first, second = factory.user(), factory.user()
        save(store, first)
        with store.unit_of_work() as uow:
            with caused_by(Cause(causation_id="one", traceparent=_TRACE)):
                Users(uow).get(first.id).disable(factory.now())
                Profiles(uow).add(factory.profile(first.id))
            with caused_by(Cause(causation_id="two")):
                Users(uow).get(first.id).enable(factory.now())
                Users(uow).add(second)
                profile = Profiles(uow).find(first.id)
                assert profile
                profile.update({"bio": "x"}, factory.now())
            uow.commit()
        causes = {
            aggregate.kind: [(entry.causation_id, entry.traceparent) for entry in journal_of(store, aggregate)]
            for aggregate in (first, factory.profile(first.id))
        }
        assert causes["user"] == [(None, None), ("one", _TRACE), ("two", None)]
        assert causes["profile"] == [("one", _TRACE), ("two", None)]
        assert [entry.causation_id for entry in journal_of(store, second)] == ["two"]

    def test_the_ids_of_the_events_of_one_handle_ascend(self, store: Store, factory: Factory) -> None:
        users = [factory.user() for _ in range(20)]
        for user in users:
            save(store, user)
        ids = [journal_of(store, user)[0].id for user in users]
        assert ids == sorted(ids)

    def test_changes_to_a_returned_entry_do_not_reach_the_store(self, store: Store, factory: Factory) -> None:
        user = factory.user("anna")
        save(store, user)
        (entry,) = journal_of(store, user)
        with suppress(TypeError):  # a store may return an immutable mapping
            cast("dict[str, Any]", entry.data)["user_name"] = "mallory"
        assert journal_of(store, user)[0].data["user_name"] == "anna"

    def test_later_mutation_of_event_data_does_not_reach_the_store(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        changes: dict[str, str | None] = {"bio": "recorded"}
        profile = factory.profile(user.id)
        profile.update(changes, factory.now())
        save(store, user, profile)
        changes["bio"] = "changed later"
        assert journal_of(store, profile)[-1].data["changes"] == {"bio": "recorded"}

    def test_no_secret_is_in_an_event(self, store: Store, factory: Factory) -> None:
        user = factory.user(password_hash="the-secret-hash")
        save(store, user)
        assert user_of(store, user.id).password_hash == "the-secret-hash"
        assert "the-secret-hash" not in repr(journal_of(store, user))
