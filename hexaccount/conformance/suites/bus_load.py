import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any
from uuid import UUID

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.conformance.suites.audit import JournalAudit
from hexaccount.conformance.suites.on_a_bus import PASSWORD, bus_parts, registration, running_relays
from hexaccount.conformance.suites.races import PATIENCE, race
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.messages import Command
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.log_out import LogOut
from hexaccount.store_kit.store import Store
from hexaccount_memory import MemoryPublisher

THREADS = 8
SHARED_USERS = 10
PRIVATE_USERS = 5

Journals = dict[tuple[str, UUID], list[JournalEntry]]


@dataclass(slots=True)
class Client:
    """One thread's commands: half of them on accounts of its own, half on those that all threads share."""

    bus: Bus
    number: int
    shared: list[UUID]
    commands: int
    sent: int = 0
    private: list[UUID] = field(default_factory=list)
    told: dict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))
    switched: Counter[UUID] = field(default_factory=Counter)
    closed: list[UUID] = field(default_factory=list)

    def run(self) -> "Client":
        """Send all commands, one after the other."""
        chance = random.Random(self.number)
        for index in range(PRIVATE_USERS):
            self.private.append(self.send(registration(f"private{index}of{self.number}")))
            self.send(self.command_on(chance.choice(self.shared), chance.random()))
        while self.sent < self.commands:
            if self.sent % 2:
                self.send(self.command_on(chance.choice(self.shared), chance.random()))
            else:
                self.work_on_own(self.private[self.sent % PRIVATE_USERS], self.sent // 2 % 25)
        return self

    def send(self, command: Command[Any]) -> Any:
        """Have a command handled, and count it."""
        self.sent += 1
        return self.bus.handle(command)

    def command_on(self, user_id: UUID, chance: float) -> Command[Any]:
        """Return some command on an account that others work on too."""
        if chance < 0.2:
            return DisableUser(user_id=user_id)
        if chance < 0.4:
            return EnableUser(user_id=user_id)
        return self.update(user_id)

    def work_on_own(self, user_id: UUID, step: int) -> None:
        """Send the next command on an account of our own."""
        if step == 0 and self.sent + 2 <= self.commands:
            name = f"private{self.private.index(user_id)}of{self.number}"
            access = self.send(LogIn(user_name=name, password=PASSWORD, user_agent=str(self.number)))
            self.send(LogOut(session_id=access.session_id))
            self.closed.append(access.session_id)
        elif step == 10 and self.sent + 2 <= self.commands:
            self.send(DisableUser(user_id=user_id))
            self.send(EnableUser(user_id=user_id))
            self.switched[user_id] += 2
        else:
            answer = self.send(self.update(user_id))
            assert answer.bio == self.told[user_id][-1], "the answer is that of another command"

    def update(self, user_id: UUID) -> UpdateProfile:
        """Return a command that writes what nobody else ever writes."""
        text = f"{self.number}: {self.sent}"
        self.told[user_id].append(text)
        return UpdateProfile(user_id=user_id, changes={"bio": text})


class BusLoadContract(ContractSuite):
    """Many threads on one bus, with relays at work: nothing is lost, doubled or mixed up."""

    def test_8_threads_of_many_commands_lose_double_and_mix_up_nothing(
        self, store: Store, audit: JournalAudit, under_test: StoreUnderTest
    ) -> None:
        publisher = MemoryPublisher()
        with bus_parts() as parts, running_relays(store, publisher):
            bus = parts.bus_on(store)
            shared = [bus.handle(registration(f"shared{index}")) for index in range(SHARED_USERS)]
            clients = race(*(Client(bus, number, shared, under_test.commands).run for number in range(THREADS)))
            assert [client.sent for client in clients] == [under_test.commands] * THREADS
            users = [*shared, *(user_id for client in clients for user_id in client.private)]
            journals = wait_until_all_is_published(store, audit, publisher, users)
            check_publications(journals, publisher.published)
            check_profiles(journals, users)
            check_shared(journals, clients, shared)
            for client in clients:
                check_private(journals, client)


def wait_until_all_is_published(
    store: Store, audit: JournalAudit, publisher: MemoryPublisher, users: list[UUID]
) -> Journals:
    """Return all journals once each user has a profile and each event has been published."""
    deadline = monotonic() + PATIENCE
    while True:
        journals = audit.journals(store)
        total = sum(map(len, journals.values()))
        published = len({entry.id for entry in publisher.published})
        if total == published and all(("profile", user_id) in journals for user_id in users):
            return journals
        assert monotonic() < deadline, f"{published} of {total} events were published"
        sleep(0.02)


def check_publications(journals: Journals, published: Sequence[JournalEntry]) -> None:
    """Compare what left with what is in the journals: each event, first deliveries in order."""
    firsts: Journals = defaultdict(list)
    seen: set[UUID] = set()
    for entry in published:
        if entry.id not in seen:
            seen.add(entry.id)
            firsts[entry.aggregate, entry.aggregate_id].append(entry)
    assert dict(firsts) == journals
    assert len(published) == len(seen), "with every relay alive nothing is published twice"


def check_profiles(journals: Journals, users: list[UUID]) -> None:
    """See that the registration of each user had its effect once."""
    for user_id in users:
        types = Counter(entry.type for entry in journals["profile", user_id])
        assert types["hexaccount.profile.created.v1"] == 1
    assert sum(kind == "profile" for kind, _ in journals) == len(users)


def check_shared(journals: Journals, clients: list[Client], shared: list[UUID]) -> None:
    """See that each change of a shared account is there once, each thread's in the order it was sent in."""
    for user_id in shared:
        told = texts_of(journals["profile", user_id])
        assert len(told) == len(set(told)) == sum(len(client.told[user_id]) for client in clients)
        for client in clients:
            assert [text for text in told if text.startswith(f"{client.number}: ")] == client.told[user_id]
        types = [entry.type for entry in journals["user", user_id]]
        switches = ["hexaccount.user.disabled.v1", "hexaccount.user.enabled.v1"] * len(types)
        assert types == ["hexaccount.user.registered.v1", *switches[: len(types) - 1]]


def check_private(journals: Journals, client: Client) -> None:
    """See that a thread's own accounts have exactly its own changes."""
    for index, user_id in enumerate(client.private):
        view = client.bus.handle(GetUser(reference=str(user_id)))
        assert (view.user_name, view.disabled) == (f"private{index}of{client.number}", False)
        assert client.bus.handle(GetProfile(user_id=user_id)).bio == client.told[user_id][-1]
        assert texts_of(journals["profile", user_id]) == client.told[user_id]
        assert len(journals["user", user_id]) == 1 + client.switched[user_id]
    for session_id in client.closed:
        opened, closed = journals["session", session_id]
        assert (opened.data["user_agent"], closed.sequence) == (str(client.number), 2)
        assert opened.subject in client.private


def texts_of(entries: list[JournalEntry]) -> list[str]:
    """Return what a profile was told, in order."""
    return [entry.data["changes"]["bio"] for entry in entries if entry.type == "hexaccount.profile.updated.v1"]
