"""Whose session has ended hears nothing that comes later in the journal, and nobody else waits for that."""

import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.role import Role
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.bootstrap.service import Service
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.log_out import LogOut
from tests.adapters.socketio.wire import House, entries_of, over, registered, run, session_of, token_of
from tests.application.people import PASSWORD


class SlowBus(Bus):
    """A bus to the service whose store can be kept from answering who is behind a token, and answers from arriving."""

    def __init__(self, service: Service) -> None:
        self._inner = service.bus
        self.answers = threading.Event()
        self.answers.set()
        self.asked = threading.Event()
        self.arrives = threading.Event()
        self.arrives.set()
        self.answered = threading.Event()
        self.away = False

    def handle(self, message: Any) -> Any:
        if isinstance(message, Authenticate):
            self.asked.set()
            assert self.answers.wait(60)
            if self.away:
                raise StoreUnavailable("the store is away")
            answer = self._inner.handle(message)
            self.answered.set()
            assert self.arrives.wait(60)
            return answer
        return self._inner.handle(message)

    def hold_answers(self) -> None:
        """Let the store answer, and keep what it says until `arrives` is set."""
        self.answered.clear()
        self.arrives.clear()


def change_bio(service: Service, user_id: Any, *bios: str) -> None:
    for bio in bios:
        service.bus.handle(UpdateProfile.of_text(user_id, {"bio": bio}))


def log_out(service: Service, _user_id: Any, token: str) -> None:
    service.bus.handle(LogOut(session_id=session_of(service, token)))


def change_password(service: Service, _user_id: Any, _token: str) -> None:
    other = session_of(service, token_of(service))
    service.bus.handle(ChangePassword.of_text(session_id=other, current=PASSWORD, new="another winding road"))


def disable(service: Service, user_id: Any, _token: str) -> None:
    service.bus.handle(DisableUser(user_id=user_id))


@pytest.mark.parametrize("end", [log_out, change_password, disable])
def test_nothing_that_follows_the_end_of_a_session_is_told_to_its_sockets(
    service: Service, end: Callable[[Service, Any, str], None]
) -> None:
    ada = registered(service)
    token = token_of(service)

    async def test(house: House) -> None:
        async with house.visit(token) as client:
            change_bio(service, ada, "before")
            heard = entries_of(service)
            await house.sockets.tell(heard)
            await client.until(lambda: len(client.events()) == len(heard))
            end(service, ada, token)
            change_bio(service, ada, "after 1", "after 2", "after 3")
            await house.sockets.tell(entries_of(service)[len(heard) :])
            await client.ends()
            assert client.events() == [str(entry.id) for entry in heard]
            assert client.sent_away() == ["invalid_token"]

    run(House(service.bus), test)


def test_a_disabled_admin_hears_of_nobody_any_more(service: Service) -> None:
    ada, root = registered(service), registered(service, "root")
    service.bus.handle(GrantRole(user_id=root, role=Role.ADMIN))
    token = token_of(service, "root")

    async def test(house: House) -> None:
        async with house.visit(token) as admin:
            admin.say("receive", text='421["watch"]')
            assert await admin.hears("431") == "431[]"
            told = len(entries_of(service))
            service.bus.handle(DisableUser(user_id=root))
            change_bio(service, ada, "of no concern")
            await house.sockets.tell(entries_of(service)[told:])
            await admin.ends()
            assert admin.events() == []

    run(House(service.bus), test)


def test_who_is_looked_at_and_may_stay_hears_all_in_order(service: Service) -> None:
    ada, root = registered(service), registered(service, "root")
    service.bus.handle(GrantRole(user_id=root, role=Role.ADMIN))
    kept, ended, admins = token_of(service), token_of(service), token_of(service, "root")
    bus = SlowBus(service)

    async def test(house: House) -> None:
        async with house.visit(kept) as client, house.visit(ended) as leaver, house.visit(admins) as admin:
            admin.say("receive", text='421["watch"]')
            await admin.hears("431")
            told = len(entries_of(service))
            change_bio(service, ada, "one")
            log_out(service, ada, ended)
            change_bio(service, ada, "two")
            service.bus.handle(RevokeRole(user_id=root, role=Role.ADMIN))
            change_bio(service, ada, "three")
            news = entries_of(service)[told:]
            bus.answers.clear()
            await house.sockets.tell(news[:2])
            await house.sockets.tell(news[2:])
            await client.until(bus.asked.is_set)
            assert (client.events(), leaver.events(), admin.events()) == ([], [], [])
            bus.answers.set()
            await client.until(lambda: str(news[-1].id) in client.events())
            assert client.events() == [str(entry.id) for entry in news if entry.subject == ada]
            await leaver.ends()
            await admin.hears('42["unwatched"')
            assert admin.events() == [str(entry.id) for entry in news if entry.subject == root]

    run(House(bus), test)


def test_nobody_is_sent_away_nor_told_more_while_the_store_cannot_say(service: Service) -> None:
    ada = registered(service)
    token, ended = token_of(service), token_of(service)
    bus = SlowBus(service)

    async def test(house: House) -> None:
        async with house.visit(token) as client, house.visit(ended) as leaver:
            told = len(entries_of(service))
            bus.away = True
            log_out(service, ada, ended)
            bus.asked.clear()
            await house.sockets.tell(entries_of(service)[told:])
            await client.until(bus.asked.is_set)
            change_bio(service, ada, "later")
            await house.sockets.tell(entries_of(service)[told + 1 :])
            assert [client.closed, leaver.closed] == [None, None]
            bus.away = False
            await client.until(lambda: str(entries_of(service)[-1].id) in client.events())
            await leaver.ends()
            assert leaver.events() == []

    run(House(bus), test)


def test_a_session_that_ends_while_its_socket_comes_in_is_not_missed(service: Service) -> None:
    ada = registered(service)
    token = token_of(service)
    bus = SlowBus(service)

    async def test(house: House) -> None:
        client, serving = await house.call()
        told = len(entries_of(service))
        bus.hold_answers()
        client.show(token)
        await client.until(bus.answered.is_set)
        log_out(service, ada, token)
        change_bio(service, ada, "after")
        await house.sockets.tell(entries_of(service)[told:])
        bus.arrives.set()
        await client.hears("40")
        change_bio(service, ada, "long after")
        await house.sockets.tell(entries_of(service)[told + 1 :])
        await over(serving)
        assert (client.events(), client.sent_away()) == ([], ["invalid_token"])

    run(House(bus), test)


def test_a_session_that_ends_while_it_is_looked_at_is_looked_at_again(service: Service) -> None:
    ada = registered(service)
    token, other = token_of(service), token_of(service)
    bus = SlowBus(service)

    async def test(house: House) -> None:
        async with house.visit(token) as client:
            told = len(entries_of(service))
            log_out(service, ada, other)
            await house.sockets.tell(entries_of(service)[told:])
            await client.until(lambda: len(client.events()) == 1)
            bus.hold_answers()
            await house.sockets.tell(entries_of(service)[told:])
            await client.until(bus.answered.is_set)
            log_out(service, ada, token)
            change_bio(service, ada, "after")
            await house.sockets.tell(entries_of(service)[told + 1 :])
            bus.arrives.set()
            await client.ends()
            assert (len(client.events()), client.sent_away()) == (1, ["invalid_token"])

    run(House(bus), test)


def test_who_loses_the_right_to_watch_while_they_ask_for_it_does_not_watch(service: Service) -> None:
    ada, root = registered(service), registered(service, "root")
    service.bus.handle(GrantRole(user_id=root, role=Role.ADMIN))
    token = token_of(service, "root")
    bus = SlowBus(service)

    async def test(house: House) -> None:
        async with house.visit(token) as admin:
            entries = entries_of(service)
            await house.sockets.tell([entry for entry in entries if entry.subject == root][-1:])
            await admin.until(lambda: len(admin.events()) == 1)
            bus.hold_answers()
            admin.say("receive", text='421["watch"]')
            await admin.until(bus.answered.is_set)
            service.bus.handle(RevokeRole(user_id=root, role=Role.ADMIN))
            await house.sockets.tell(entries_of(service)[len(entries) :])
            bus.arrives.set()
            assert "insufficient_scope" in await admin.hears("431")
            change_bio(service, ada, "of no concern")
            news = entries_of(service)[len(entries) :]
            await house.sockets.tell([*news[1:], news[0]])
            await admin.until(lambda: len(admin.events()) == 3)
            assert set(admin.events()[1:]) == {str(news[0].id)}

    run(House(bus), test)


def test_the_flood_of_one_account_does_not_keep_the_sessions_of_others_alive(service: Service) -> None:
    ada, eve = registered(service), registered(service, "eve")
    token, flooding = token_of(service), [token_of(service, "eve") for _ in range(2)]
    change_bio(service, eve, "x" * 900)
    flood = [entry for entry in entries_of(service) if entry.subject == eve][-1:] * 3000

    async def test(house: House) -> None:
        async with AsyncExitStack() as stack:
            victim = await stack.enter_async_context(house.visit(token))
            crowd = [await stack.enter_async_context(house.visit(flooding[number % 2])) for number in range(40)]
            for client in crowd[1:]:
                client.takes.clear()
            await house.sockets.tell(flood)
            told = len(entries_of(service))
            log_out(service, ada, token)
            await house.sockets.tell(entries_of(service)[told:])
            await victim.ends()
            assert len(crowd[0].events()) < len(flood)

    run(House(service.bus), test)
