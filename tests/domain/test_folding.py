from dataclasses import fields
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hexaccount.domain.aggregate import Aggregate
from hexaccount.domain.events import Event
from hexaccount.domain.profile import PROFILE_FIELDS, Profile
from tests.domain.accounts import NOON, USER_ID, open_session, registered_user

SECRETS = {"pending", "password_hash"}


def state_of(aggregate: Aggregate) -> dict[str, object]:
    return {field.name: getattr(aggregate, field.name) for field in fields(aggregate) if field.name not in SECRETS}


class AnAccountAndItsJournals(RuleBasedStateMachine):
    """Does anything that may be done to the aggregates, and folds what they recorded after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.user = registered_user()
        self.session = open_session(self.user)
        self.profile = Profile.create(USER_ID, NOON)
        self.journals: dict[str, list[Event]] = {"user": [], "session": [], "profile": []}

    @property
    def aggregates(self) -> list[Aggregate]:
        return [self.user, self.session, self.profile]

    @rule(seconds=st.integers(1, 4000))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def the_account_is_disabled(self) -> None:
        self.user.disable(self.now)

    @rule()
    def the_account_is_enabled(self) -> None:
        self.user.enable(self.now)

    @rule()
    def the_session_is_closed(self) -> None:
        self.session.close(self.now)

    @rule(changes=st.dictionaries(st.sampled_from(sorted(PROFILE_FIELDS)), st.sampled_from([None, "", "one", "two"])))
    def the_profile_is_updated(self, changes: dict[str, str | None]) -> None:
        self.profile.update(changes, self.now)

    @rule()
    def what_is_pending_is_stored(self) -> None:
        for aggregate in self.aggregates:
            self.journals[aggregate.kind] += aggregate.pending
            aggregate.pending.clear()

    @invariant()
    def folding_the_journal_gives_the_state(self) -> None:
        for aggregate in self.aggregates:
            journal = self.journals[aggregate.kind] + aggregate.pending
            assert state_of(type(aggregate).fold(journal)) == state_of(aggregate)

    @invariant()
    def the_version_counts_the_events(self) -> None:
        for aggregate in self.aggregates:
            assert aggregate.stored_version == len(self.journals[aggregate.kind])
            assert aggregate.version == aggregate.stored_version + len(aggregate.pending)

    @invariant()
    def a_session_is_dead_once_its_account_was_disabled(self) -> None:
        if self.user.disabled or self.user.epoch:
            assert not self.session.is_live(self.user, self.now)


TestAnAccountAndItsJournals = AnAccountAndItsJournals.TestCase
TestAnAccountAndItsJournals.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
