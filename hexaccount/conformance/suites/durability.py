from uuid import uuid4

import pytest

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.conformance.suites.audit import state_of
from hexaccount.conformance.suites.owing import claim, give_up, sequences, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import all_users, journal_of, profile_of, save, session_of, user_of
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest
from hexaccount.events.ports import AlreadyHandled
from hexaccount.store_kit.store import Store


class DurabilityContract(ContractSuite):
    """What was committed is there after every handle was closed; for stores that outlive their process."""

    def test_everything_is_there_for_a_later_handle(
        self, store: Store, under_test: StoreUnderTest, people: People
    ) -> None:
        for subscriber in ("late", "gives up"):
            store.outbox.subscribe(subscriber, ["*"])
        user = user_with_events(store, people, 3)
        session, profile = people.session(user), people.profile(user.id, bio="\U0001f600")
        save(store, session, profile)
        given_up = give_up(store, "gives up")
        event_id = uuid4()
        with store.unit_of_work() as uow:
            uow.inbox.add("handler", event_id)
            uow.commit()
        before = [journal_of(store, aggregate) for aggregate in (user, session, profile)]
        under_test.close()
        late = under_test.open()
        late.check()
        assert state_of(user_of(late, user.id)) == state_of(user)
        assert user_of(late, user.id).password_hash == user.password_hash
        assert session_of(late, session.id)
        assert profile_of(late, user.id)
        assert [journal_of(late, aggregate) for aggregate in (user, session, profile)] == before
        pending = [delivery for delivery in claim(late, "late") if delivery.entry.aggregate == "user"]
        assert sequences(pending) == [1, 2, 3]
        shown = late.dead_letters.page(limit=100, after=None)
        assert {each.entry.id for each in shown} == {delivery.entry.id for delivery in given_up}
        with late.unit_of_work() as uow:
            uow.inbox.add("handler", event_id)
            with pytest.raises(AlreadyHandled):
                uow.commit()
        with pytest.raises(UserNameTaken):
            save(late, people.user(user.name.text))
        with pytest.raises(EmailTaken):
            save(late, people.user(email=user.email.text))

    def test_what_is_owed_again_is_there_for_a_later_handle(
        self, store: Store, under_test: StoreUnderTest, people: People
    ) -> None:
        store.outbox.subscribe("gives up", ["*"])
        user = user_with_events(store, people, 4)
        store.outbox.acknowledge(claim(store, "gives up", limit=2))
        give_up(store, "gives up")
        for subscriber in ("gives up", "new"):
            store.outbox.enqueue(subscriber, journal_of(store, user))
        under_test.close()
        late = under_test.open()
        for subscriber in ("gives up", "new"):
            assert [(each.entry.sequence, each.attempts) for each in claim(late, subscriber)] == [
                (number, 0) for number in (1, 2, 3, 4)
            ]

    def test_closing_one_handle_does_not_disturb_another(self, store: Store, another: Store, people: People) -> None:
        save(another, people.user())
        another.close()
        save(store, people.user())
        assert len(all_users(store)) == 2
