"""The sockets of an ended session receive no later event of the journal, and others do not wait for the check."""

import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.role import Role
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.bootstrap.service import Service
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.log_out import LogOut
from tests.adapters.socketio.clients import Server, ended, entries_of, registered, run, session_of, token_of
from tests.people import PASSWORD


class SlowBus(MessageBus):
    """A bus whose authentication can be delayed before the query (`answers`) and after it (`arrives`)."""

    def __init__(self, service: Service) -> None:
        self._inner = service.bus
        self.answers = threading.Event()
        self.answers.set()
        self.queried = threading.Event()
        self.arrives = threading.Event()
        self.arrives.set()
        self.answered = threading.Event()
        self.unavailable = False

    def handle(self, message: Any) -> Any:
        if isinstance(message, Authenticate):
            self.queried.set()
            assert self.answers.wait(60)
            if self.unavailable:
                raise StoreUnavailable("the store is unavailable")
            answer = self._inner.handle(message)
            self.answered.set()
            assert self.arrives.wait(60)
            return answer
        return self._inner.handle(message)

    def hold_answers(self) -> None:
        """Query the store, and hold the answer back until `arrives` is set."""
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
def test_no_event_after_the_end_of_a_session_is_sent_to_its_sockets(
    service: Service, end: Callable[[Service, Any, str], None]
) -> None:
    ada = registered(service)
    token = token_of(service)

    async def test(server: Server) -> None:
        async with server.connected(token) as client:
            change_bio(service, ada, "before")
            before = entries_of(service)
            await server.sockets.publish(before)
            await client.until(lambda: len(client.events()) == len(before))
            end(service, ada, token)
            change_bio(service, ada, "after 1", "after 2", "after 3")
            await server.sockets.publish(entries_of(service)[len(before) :])
            await client.wait_closed()
            assert client.events() == [str(entry.id) for entry in before]
            assert client.closing_codes() == ["invalid_token"]

    run(Server(service.bus), test)


def test_a_disabled_admin_receives_no_more_events(service: Service) -> None:
    ada, root = registered(service), registered(service, "root")
    for admin in (root, registered(service, "prince")):
        service.bus.handle(GrantRole(user_id=admin, role=Role.ADMIN))
    token = token_of(service, "root")

    async def test(server: Server) -> None:
        async with server.connected(token) as admin:
            admin.send_message("receive", text='421["watch"]')
            assert await admin.expect("431") == "431[]"
            published = len(entries_of(service))
            service.bus.handle(DisableUser(user_id=root))
            change_bio(service, ada, "not received")
            await server.sockets.publish(entries_of(service)[published:])
            await admin.wait_closed()
            assert admin.events() == []

    run(Server(service.bus), test)


def test_a_session_that_passes_the_check_receives_all_events_in_order(service: Service) -> None:
    ada, root = registered(service), registered(service, "root")
    for admin in (root, registered(service, "prince")):
        service.bus.handle(GrantRole(user_id=admin, role=Role.ADMIN))
    kept, ended, admins = token_of(service), token_of(service), token_of(service, "root")
    bus = SlowBus(service)

    async def test(server: Server) -> None:
        async with (
            server.connected(kept) as client,
            server.connected(ended) as leaver,
            server.connected(admins) as admin,
        ):
            admin.send_message("receive", text='421["watch"]')
            await admin.expect("431")
            published = len(entries_of(service))
            change_bio(service, ada, "one")
            log_out(service, ada, ended)
            change_bio(service, ada, "two")
            service.bus.handle(RevokeRole(user_id=root, role=Role.ADMIN))
            change_bio(service, ada, "three")
            entries = entries_of(service)[published:]
            bus.answers.clear()
            await server.sockets.publish(entries[:2])
            await server.sockets.publish(entries[2:])
            await client.until(bus.queried.is_set)
            assert (client.events(), leaver.events(), admin.events()) == ([], [], [])
            bus.answers.set()
            await client.until(lambda: str(entries[-1].id) in client.events())
            assert client.events() == [str(entry.id) for entry in entries if entry.subject == ada]
            await leaver.wait_closed()
            await admin.expect('42["unwatched"')
            assert admin.events() == [str(entry.id) for entry in entries if entry.subject == root]

    run(Server(bus), test)


def test_sockets_stay_open_and_receive_nothing_while_the_store_is_unavailable(service: Service) -> None:
    ada = registered(service)
    token, ended = token_of(service), token_of(service)
    bus = SlowBus(service)

    async def test(server: Server) -> None:
        async with server.connected(token) as client, server.connected(ended) as leaver:
            published = len(entries_of(service))
            bus.unavailable = True
            log_out(service, ada, ended)
            bus.queried.clear()
            await server.sockets.publish(entries_of(service)[published:])
            await client.until(bus.queried.is_set)
            change_bio(service, ada, "later")
            await server.sockets.publish(entries_of(service)[published + 1 :])
            assert [client.closed, leaver.closed] == [None, None]
            bus.unavailable = False
            await client.until(lambda: str(entries_of(service)[-1].id) in client.events())
            await leaver.wait_closed()
            assert leaver.events() == []

    run(Server(bus), test)


def test_a_session_that_ends_while_its_socket_connects_is_noticed(service: Service) -> None:
    ada = registered(service)
    token = token_of(service)
    bus = SlowBus(service)

    async def test(server: Server) -> None:
        client, serving = await server.open()
        published = len(entries_of(service))
        bus.hold_answers()
        client.authenticate(token)
        await client.until(bus.answered.is_set)
        log_out(service, ada, token)
        change_bio(service, ada, "after")
        await server.sockets.publish(entries_of(service)[published:])
        bus.arrives.set()
        await client.expect("40")
        change_bio(service, ada, "long after")
        await server.sockets.publish(entries_of(service)[published + 1 :])
        await ended(serving)
        assert (client.events(), client.closing_codes()) == ([], ["invalid_token"])

    run(Server(bus), test)


def test_a_session_that_ends_during_a_check_is_checked_again(service: Service) -> None:
    ada = registered(service)
    token, other = token_of(service), token_of(service)
    bus = SlowBus(service)

    async def test(server: Server) -> None:
        async with server.connected(token) as client:
            published = len(entries_of(service))
            log_out(service, ada, other)
            await server.sockets.publish(entries_of(service)[published:])
            await client.until(lambda: len(client.events()) == 1)
            bus.hold_answers()
            await server.sockets.publish(entries_of(service)[published:])
            await client.until(bus.answered.is_set)
            log_out(service, ada, token)
            change_bio(service, ada, "after")
            await server.sockets.publish(entries_of(service)[published + 1 :])
            bus.arrives.set()
            await client.wait_closed()
            assert (len(client.events()), client.closing_codes()) == (1, ["invalid_token"])

    run(Server(bus), test)


def test_an_admin_whose_role_is_revoked_during_the_request_to_watch_does_not_watch(service: Service) -> None:
    ada, root = registered(service), registered(service, "root")
    for admin in (root, registered(service, "prince")):
        service.bus.handle(GrantRole(user_id=admin, role=Role.ADMIN))
    token = token_of(service, "root")
    bus = SlowBus(service)

    async def test(server: Server) -> None:
        async with server.connected(token) as admin:
            entries = entries_of(service)
            await server.sockets.publish([entry for entry in entries if entry.subject == root][-1:])
            await admin.until(lambda: len(admin.events()) == 1)
            bus.hold_answers()
            admin.send_message("receive", text='421["watch"]')
            await admin.until(bus.answered.is_set)
            service.bus.handle(RevokeRole(user_id=root, role=Role.ADMIN))
            await server.sockets.publish(entries_of(service)[len(entries) :])
            bus.arrives.set()
            assert "insufficient_scope" in await admin.expect("431")
            change_bio(service, ada, "not received")
            entries = entries_of(service)[len(entries) :]
            await server.sockets.publish([*entries[1:], entries[0]])
            await admin.until(lambda: len(admin.events()) == 3)
            assert set(admin.events()[1:]) == {str(entries[0].id)}

    run(Server(bus), test)


def test_a_flood_of_events_of_one_account_does_not_delay_the_end_of_others_sessions(service: Service) -> None:
    ada, eve = registered(service), registered(service, "eve")
    token, flooding = token_of(service), [token_of(service, "eve") for _ in range(2)]
    change_bio(service, eve, "x" * 900)
    flood = [entry for entry in entries_of(service) if entry.subject == eve][-1:] * 3000

    async def test(server: Server) -> None:
        async with AsyncExitStack() as stack:
            victim = await stack.enter_async_context(server.connected(token))
            crowd = [await stack.enter_async_context(server.connected(flooding[number % 2])) for number in range(40)]
            for client in crowd[1:]:
                client.reads.clear()
            await server.sockets.publish(flood)
            published = len(entries_of(service))
            log_out(service, ada, token)
            await server.sockets.publish(entries_of(service)[published:])
            await victim.wait_closed()
            assert len(crowd[0].events()) < len(flood)

    run(Server(service.bus), test)
