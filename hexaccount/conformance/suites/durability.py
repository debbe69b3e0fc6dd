from uuid import uuid4

import pytest

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.conformance.suites.audit import state_of
from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.deliveries import claim, dead_letter_all, sequences, user_with_events
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_users, find_profile, find_session, journal_of, save, user_of
from hexaccount.events.ports import AlreadyHandled
from hexaccount.store_kit.store import Store


class DurabilityContract(ContractSuite):
    """Committed data survives closing every handle; for stores that outlive their process."""

    def test_a_later_handle_finds_everything(self, store: Store, under_test: StoreUnderTest, factory: Factory) -> None:
        for subscriber in ("late", "failing"):
            store.outbox.subscribe(subscriber, ["*"])
        user = user_with_events(store, factory, 3)
        session, profile = factory.session(user), factory.profile(user.id, bio="\U0001f600")
        save(store, session, profile)
        dead_lettered = dead_letter_all(store, "failing")
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
        assert find_session(late, session.id) is not None
        assert find_profile(late, user.id) is not None
        assert [journal_of(late, aggregate) for aggregate in (user, session, profile)] == before
        pending = [delivery for delivery in claim(late, "late") if delivery.entry.aggregate == "user"]
        assert sequences(pending) == [1, 2, 3]
        listed = late.dead_letters.page(limit=100, after=None)
        assert {each.entry.id for each in listed} == {delivery.entry.id for delivery in dead_lettered}
        with late.unit_of_work() as uow:
            uow.inbox.add("handler", event_id)
            with pytest.raises(AlreadyHandled):
                uow.commit()
        with pytest.raises(UserNameTaken):
            save(late, factory.user(user.name.text))
        with pytest.raises(EmailTaken):
            save(late, factory.user(email=user.email.text))

    def test_a_later_handle_finds_enqueued_events(
        self, store: Store, under_test: StoreUnderTest, factory: Factory
    ) -> None:
        store.outbox.subscribe("failing", ["*"])
        user = user_with_events(store, factory, 4)
        store.outbox.acknowledge(claim(store, "failing", limit=2))
        dead_letter_all(store, "failing")
        for subscriber in ("failing", "new"):
            store.outbox.enqueue(subscriber, journal_of(store, user))
        under_test.close()
        late = under_test.open()
        for subscriber in ("failing", "new"):
            assert [(each.entry.sequence, each.attempts) for each in claim(late, subscriber)] == [
                (number, 0) for number in (1, 2, 3, 4)
            ]

    def test_closing_one_handle_does_not_disturb_another(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        save(other_store, factory.user())
        other_store.close()
        save(store, factory.user())
        assert len(all_users(store)) == 2
