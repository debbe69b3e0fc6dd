"""A state machine sends the same messages to every store, and compares results, errors, pages and events."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.list_users import ListUsers
from hexaccount.accounts.role import Role
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.update_user import UpdateUser
from hexaccount.accounts.users import Users
from hexaccount.events.ports import EventsUnitOfWork
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.set_password import SetPassword
from hexaccount.registration.register_user import RegisterUser
from hexaccount.retention.apply_retention import ApplyRetention
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.refresh_session import RefreshSession
from tests.people import PASSWORD
from tests.side_by_side.entered_texts import (
    entered_addresses,
    entered_names,
    free_texts,
    logins,
    new_passwords,
    passwords,
)
from tests.side_by_side.stores import Stores, running_stores
from tests.side_by_side.variants import StoreVariant, StoreVariants, plain

pytestmark = pytest.mark.long

UNKNOWN_USER = UUID("00000000-0000-7000-8000-000000000000")
numbers = st.integers(0, 30)
roles = st.sampled_from(["user", "admin", "helper", "unknown"])


class SideBySide(RuleBasedStateMachine):
    """Users and logins are known by numbers; each variant has its own tokens."""

    stores: Stores

    def __init__(self) -> None:
        super().__init__()
        self.variants = StoreVariants(self.stores.fresh())
        self.users: list[UUID] = []
        self.logins: list[str] = []
        self.accesses: list[Mapping[str, IssuedTokens]] = []
        self.refreshes: list[Mapping[str, str]] = []

    def teardown(self) -> None:
        try:
            self.variants.alike(_history_of(self.users, [access["memory"].session_id for access in self.accesses]))
        finally:
            self.variants.close()

    @initialize()
    def register_three_users(self) -> None:
        for name in ("juliet", "romeo", "anna"):
            self.register(name, f"{name}@example.org", "Juliet", PASSWORD, None)
            self.log_in(name, PASSWORD, "192.0.2.1", known_device=None)

    @rule(
        name=entered_names,
        email=entered_addresses,
        first_name=st.just("Juliet") | free_texts,
        password=passwords,
        key=st.none() | st.none() | st.sampled_from(["key-one", "key-two"]),
    )
    def register(self, name: str, email: str, first_name: str, password: str, key: str | None) -> None:
        given = self._send(
            lambda variant: RegisterUser.of_text(
                user_name=name,
                email=email,
                first_name=first_name,
                last_name="Capulet",
                password=password,
                idempotency_key=key,
            )
        )
        if given and given["memory"] not in self.users:
            self.users.append(given["memory"])
            self.logins += [name, email]

    @rule(
        login=numbers | logins,
        password=passwords,
        address=st.sampled_from(["192.0.2.1", "2001:db8::1", "2001:db8::2", "not an address"]),
        known_device=st.none() | numbers,
    )
    def log_in(self, login: int | str, password: str, address: str, known_device: int | None) -> None:
        name = login if isinstance(login, str) else self.logins[login % len(self.logins)]

        def message(variant: StoreVariant) -> LogIn:
            device = None if known_device is None else self._access(known_device, variant).device
            return LogIn(user_name=name, password=password, client_address=address, user_agent=name, device=device)

        self._track(self._send(message))

    @rule(number=numbers)
    def refresh(self, number: int) -> None:
        tokens = self.refreshes[number % len(self.refreshes)]
        self._track(self._send(lambda variant: RefreshSession(refresh=tokens[variant.name])))

    @rule()
    def authenticate_with_every_token(self) -> None:
        for number in range(len(self.accesses)):
            self._send(lambda variant, number=number: Authenticate(token=self._access(number, variant).token))

    @rule()
    def list_all_sessions(self) -> None:
        for user in self.users:
            self._send(lambda variant, user=user: ListSessions(user_id=user))

    @rule(number=numbers)
    def log_out(self, number: int) -> None:
        self._send(lambda variant: LogOut(session_id=self._access(number, variant).session_id))

    @rule(number=numbers, another=st.none() | st.none() | numbers)
    def end_a_session(self, number: int, another: int | None) -> None:
        user = self._owner(number) if another is None else self._user(another)
        self._send(lambda variant: EndSession(user_id=user, session_id=self._access(number, variant).session_id))

    @rule(number=numbers, kept=st.none() | numbers)
    def end_sessions(self, number: int, kept: int | None) -> None:
        self._send(
            lambda variant: EndSessions(
                user_id=self._owner(number),
                keep=None if kept is None else self._access(kept, variant).session_id,
            )
        )

    @rule(number=numbers, limit=st.sampled_from([1, 2, 50]), after=st.none() | st.none() | numbers)
    def list_sessions(self, number: int, limit: int, after: int | None) -> None:
        self._send(
            lambda variant: ListSessions(
                user_id=self._owner(number),
                limit=limit,
                after=None if after is None else self._access(after, variant).session_id,
            )
        )

    @rule(number=numbers, current=passwords, new=new_passwords)
    def change_password(self, number: int, current: str, new: str) -> None:
        self._send(
            lambda variant: ChangePassword.of_text(
                session_id=self._access(number, variant).session_id, current=current, new=new
            )
        )

    @rule(number=numbers, password=new_passwords | passwords)
    def set_password(self, number: int, password: str) -> None:
        self._send(lambda variant: SetPassword.of_text(user_id=self._user(number), password=password))

    @rule(number=numbers, name=st.sampled_from(["first_name", "avatar_identifier"]), text=st.none() | free_texts)
    def update_user(self, number: int, name: str, text: str | None) -> None:
        self._send(lambda variant: UpdateUser.of_text(self._user(number), {name: text}))

    @rule(number=numbers, name=st.sampled_from(["bio", "phone", "address"]), text=st.none() | free_texts)
    def update_profile(self, number: int, name: str, text: str | None) -> None:
        self._send(lambda variant: UpdateProfile.of_text(self._user(number), {name: text}))

    @rule(number=numbers, text=free_texts, version=st.integers(0, 4))
    def update_profile_if_unchanged(self, number: int, text: str, version: int) -> None:
        self._send(lambda variant: UpdateProfile.of_text(self._user(number), {"bio": text}, [version]))

    @rule(number=numbers, command=st.sampled_from([DisableUser, EnableUser]))
    def disable_or_enable(self, number: int, command: Callable[..., Any]) -> None:
        self._send(lambda variant: command(user_id=self._user(number)))

    @rule(number=numbers, role=roles, command=st.sampled_from([GrantRole, RevokeRole]))
    def grant_or_revoke(self, number: int, role: str, command: Callable[..., Any]) -> None:
        self._send(lambda variant: command(user_id=self._user(number), role=Role(role)))

    @rule(reference=logins)
    def get_user(self, reference: str) -> None:
        self._send(lambda variant: GetUser(reference=reference))

    @rule(number=numbers)
    def get_profile(self, number: int) -> None:
        self._send(lambda variant: GetProfile(user_id=self._user(number)))

    @rule(limit=st.sampled_from([1, 2, 3, 200]))
    def list_all_users_page_by_page(self, limit: int) -> None:
        after: UUID | None = None
        while True:
            pages = self._send(lambda variant, after=after: ListUsers(limit=limit, after=after))
            assert pages
            after = pages["memory"].next
            if after is None:
                return

    @rule(number=numbers)
    def leave_without_a_commit(self, number: int) -> None:
        def change_and_leave(variant: StoreVariant, uow: EventsUnitOfWork) -> None:
            user = Users(uow).get(self._user(number))
            user.disable(at=variant.clock.now())
            user.password_hash = "never stored"

        self.variants.alike(lambda variant: variant.within(partial(change_and_leave, variant)))

    @rule(number=numbers)
    def change_one_account_twice(self, number: int) -> None:
        """Both units of work read the same version; the second commit is refused."""

        def change_twice(variant: StoreVariant) -> None:
            store, now = variant.service.store, variant.clock.now()
            with store.unit_of_work() as first, store.unit_of_work() as second:
                Users(first).get(self._user(number)).grant(Role("first"), at=now)
                Users(second).get(self._user(number)).grant(Role("second"), at=now)
                first.commit()
                second.commit()

        self.variants.alike(change_twice)

    @rule(number=st.integers(0, 1))
    def relay(self, number: int) -> None:
        self.variants.alike(lambda variant: variant.relay(number))
        self.variants.alike(StoreVariant.published)

    @rule()
    def list_dead_letters(self) -> None:
        self.variants.alike(lambda variant: variant.service.store.dead_letters.page(limit=50, after=None))

    @rule(seconds=st.sampled_from([0.001, 5, 11, 60, 900, 86_400, 1_209_600, 7_776_000]))
    def advance_clocks(self, seconds: float) -> None:
        self.variants.advance(timedelta(seconds=seconds))

    @rule()
    def apply_retention(self) -> None:
        self._send(lambda variant: ApplyRetention())

    def _send(self, message: Callable[[StoreVariant], Any]) -> dict[str, Any] | None:
        return self.variants.alike(lambda variant: variant.handle(message(variant)))

    def _track(self, given: dict[str, Any] | None) -> None:
        if given:
            self.accesses.append(given)
            self.refreshes.append({name: access.refresh for name, access in given.items()})

    def _user(self, number: int) -> UUID:
        return UNKNOWN_USER if number == 30 else self.users[number % len(self.users)]

    def _owner(self, number: int) -> UUID:
        """Return the user of a login."""
        opened = self._access(number, self.variants.all[0]).session_id
        return self.variants.all[0].journal("session", opened)[0].subject

    def _access(self, number: int, variant: StoreVariant) -> IssuedTokens:
        return self.accesses[number % len(self.accesses)][variant.name]


def _history_of(users: list[UUID], sessions: list[UUID]) -> Callable[[StoreVariant], Any]:
    journals = [(kind, user) for user in users for kind in ("user", "profile")]
    journals += [("session", session) for session in sessions]

    def history(variant: StoreVariant) -> Any:
        variant.service.deliver_all()
        return [plain(variant.journal(kind, one)) for kind, one in journals], variant.published()

    return history


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, postgres_server: str, mongo_server: str) -> Iterator[Stores]:
    with running_stores(tmp_path_factory.mktemp("side_by_side"), postgres_server, mongo_server) as stores:
        yield stores


@pytest.mark.parametrize("examples", [3, pytest.param(1000, marks=pytest.mark.slow)])
def test_every_store_answers_alike(stores: Stores, examples: int) -> None:
    machine = type("Machine", (SideBySide,), {"stores": stores})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=60,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
