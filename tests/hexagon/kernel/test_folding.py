from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hexaccount.accounts.profile import PROFILE_FIELDS, Profile
from hexaccount.accounts.role import Role
from hexaccount.conformance.suites.audit import history_of
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.event import Event
from hexaccount.sessions.lifetimes import Lifetimes
from tests.hexagon.sample_accounts import NOON, USER_ID, open_session, registered_user

ROLES = st.sampled_from([Role.USER, Role.ADMIN, Role("support")])
# Short, so that refreshes soon reach the end of the session.
LIFETIMES = Lifetimes(
    access=timedelta(minutes=15), idle=timedelta(hours=1), absolute=timedelta(minutes=65), grace=timedelta(seconds=10)
)


class AccountMachine(RuleBasedStateMachine):
    """Changes the aggregates in any order and folds their events after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.user = registered_user()
        self.session = open_session(self.user, lifetimes=LIFETIMES)
        self.profile = Profile.create(USER_ID, NOON)
        self.ended = False
        self.journals: dict[str, list[Event]] = {"user": [], "session": [], "profile": []}

    @property
    def aggregates(self) -> list[Aggregate]:
        return [self.user, self.session, self.profile]

    @rule(seconds=st.integers(1, 4000))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def the_account_is_disabled(self) -> None:
        self.ended = True
        self.user.disable(self.now)

    @rule()
    def the_account_is_enabled(self) -> None:
        self.user.enable(self.now)

    @rule()
    def the_session_is_closed(self) -> None:
        self.ended = True
        self.session.close(self.now)

    @rule()
    def a_spent_token_is_used_again(self) -> None:
        self.ended = True
        self.session.close_for_reuse(self.now)

    @precondition(lambda self: self.session.is_live(self.user, self.now))
    @rule()
    def the_session_is_refreshed(self) -> None:
        self.session.refresh(self.now, LIFETIMES, client_address="192.0.2.8", user_agent="another")
        assert self.session.last_used_at == self.now
        assert self.session.is_live(self.user, self.now) or self.now >= self.session.expires_at

    @rule(by_password=st.booleans())
    def all_sessions_are_ended(self, by_password: bool) -> None:
        self.ended = True
        self._end_sessions(by_password)

    @precondition(lambda self: self.session.is_live(self.user, self.now))
    @rule(by_password=st.booleans())
    def all_other_sessions_are_ended(self, by_password: bool) -> None:
        self._end_sessions(by_password)
        self.session.keep(self.user, self.now)
        assert self.session.is_live(self.user, self.now)

    def _end_sessions(self, by_password: bool) -> None:
        if by_password:
            self.user.change_password("another hash", self.now)
        else:
            self.user.end_sessions(self.now)

    @rule(role=ROLES)
    def a_role_is_granted(self, role: Role) -> None:
        self.user.grant(role, self.now)
        assert role in self.user.roles | {Role.USER}

    @rule(role=ROLES)
    def a_role_is_revoked(self, role: Role) -> None:
        self.user.revoke(role, self.now)
        assert role not in self.user.roles

    @rule(changes=st.dictionaries(st.sampled_from(sorted(PROFILE_FIELDS)), st.sampled_from([None, "", "one", "two"])))
    def the_profile_is_updated(self, changes: dict[str, str | None]) -> None:
        self.profile.update(changes, self.now)

    @rule()
    def pending_events_are_stored(self) -> None:
        for aggregate in self.aggregates:
            self.journals[aggregate.kind] += aggregate.pending
            aggregate.pending.clear()

    @invariant()
    def folding_the_journal_gives_the_state(self) -> None:
        for aggregate in self.aggregates:
            journal = self.journals[aggregate.kind] + aggregate.pending
            assert history_of(type(aggregate).fold(journal)) == history_of(aggregate)

    @invariant()
    def the_version_counts_the_events(self) -> None:
        for aggregate in self.aggregates:
            assert aggregate.stored_version == len(self.journals[aggregate.kind])
            assert aggregate.version == aggregate.stored_version + len(aggregate.pending)

    @invariant()
    def an_ended_session_never_becomes_live_again(self) -> None:
        if self.ended or self.user.disabled:
            assert not self.session.is_live(self.user, self.now)

    @invariant()
    def no_session_is_live_after_its_end(self) -> None:
        assert self.session.idle_until <= self.session.expires_at == NOON + LIFETIMES.absolute
        assert not self.session.is_live(self.user, self.session.idle_until)


TestAccountMachine = AccountMachine.TestCase
TestAccountMachine.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
