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
from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.message_buses import PASSWORD, open_bus_factory, registration, running_relays
from hexaccount.conformance.suites.races import TIMEOUT_SECONDS, race
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.bus import MessageBus
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
    """The commands of one thread: half on its own accounts, half on accounts that all threads share."""

    bus: MessageBus
    number: int
    shared: list[UUID]
    commands: int
    sent: int = 0
    private: list[UUID] = field(default_factory=list)
    texts: dict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))
    switches: Counter[UUID] = field(default_factory=Counter)
    closed: list[UUID] = field(default_factory=list)

    def run(self) -> "Client":
        chance = random.Random(self.number)
        for index in range(PRIVATE_USERS):
            self.private.append(self.send(registration(f"private{index}of{self.number}")))
            self.send(self.command_on(chance.choice(self.shared), chance.random()))
        while self.sent < self.commands:
            if self.sent % 2:
                self.send(self.command_on(chance.choice(self.shared), chance.random()))
            else:
                self.send_for_own_account(self.private[self.sent % PRIVATE_USERS], self.sent // 2 % 25)
        return self

    def send(self, command: Command[Any]) -> Any:
        self.sent += 1
        return self.bus.handle(command)

    def command_on(self, user_id: UUID, chance: float) -> Command[Any]:
        """Return a random command on a shared account."""
        if chance < 0.2:
            return DisableUser(user_id=user_id)
        if chance < 0.4:
            return EnableUser(user_id=user_id)
        return self.update(user_id)

    def send_for_own_account(self, user_id: UUID, step: int) -> None:
        """Send the next command on an account of this thread."""
        if step == 0 and self.sent + 2 <= self.commands:
            name = f"private{self.private.index(user_id)}of{self.number}"
            access = self.send(LogIn(user_name=name, password=PASSWORD, user_agent=str(self.number)))
            self.send(LogOut(session_id=access.session_id))
            self.closed.append(access.session_id)
        elif step == 10 and self.sent + 2 <= self.commands:
            self.send(DisableUser(user_id=user_id))
            self.send(EnableUser(user_id=user_id))
            self.switches[user_id] += 2
        else:
            response = self.send(self.update(user_id))
            assert response.bio == self.texts[user_id][-1], "the response is that of another command"

    def update(self, user_id: UUID) -> UpdateProfile:
        """Return a change of the profile to a unique text."""
        text = f"{self.number}: {self.sent}"
        self.texts[user_id].append(text)
        return UpdateProfile(user_id=user_id, changes={"bio": text})


class BusLoadContract(ContractSuite):
    """Many threads on one bus beside running relays lose, duplicate and mix up nothing."""

    def test_8_threads_of_many_commands_lose_duplicate_and_mix_up_nothing(
        self, store: Store, audit: JournalAudit, under_test: StoreUnderTest
    ) -> None:
        publisher = MemoryPublisher()
        with open_bus_factory() as bus_factory, running_relays(store, publisher):
            bus = bus_factory.create_bus(store)
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
    """Return all journals, after each user has a profile and each event is published."""
    deadline = monotonic() + TIMEOUT_SECONDS
    while True:
        journals = audit.journals(store)
        total = sum(map(len, journals.values()))
        published = len({entry.id for entry in publisher.published})
        if total == published and all(("profile", user_id) in journals for user_id in users):
            return journals
        assert monotonic() < deadline, f"{published} of {total} events were published"
        sleep(0.02)


def check_publications(journals: Journals, published: Sequence[JournalEntry]) -> None:
    """Check that each event of the journals was published, first deliveries in order."""
    firsts: Journals = defaultdict(list)
    seen: set[UUID] = set()
    for entry in published:
        if entry.id not in seen:
            seen.add(entry.id)
            firsts[entry.aggregate, entry.aggregate_id].append(entry)
    assert dict(firsts) == journals
    assert len(published) == len(seen), "an event was published twice although no relay crashed"


def check_profiles(journals: Journals, users: list[UUID]) -> None:
    """Check that each registration created one profile."""
    for user_id in users:
        types = Counter(entry.type for entry in journals["profile", user_id])
        assert types["hexaccount.profile.created.v1"] == 1
    assert sum(kind == "profile" for kind, _ in journals) == len(users)


def check_shared(journals: Journals, clients: list[Client], shared: list[UUID]) -> None:
    """Check that the journal holds each change of a shared account once, those of each thread in order."""
    for user_id in shared:
        texts = texts_of(journals["profile", user_id])
        assert len(texts) == len(set(texts)) == sum(len(client.texts[user_id]) for client in clients)
        for client in clients:
            assert [text for text in texts if text.startswith(f"{client.number}: ")] == client.texts[user_id]
        types = [entry.type for entry in journals["user", user_id]]
        toggles = ["hexaccount.user.disabled.v1", "hexaccount.user.enabled.v1"] * len(types)
        assert types == ["hexaccount.user.registered.v1", *toggles[: len(types) - 1]]


def check_private(journals: Journals, client: Client) -> None:
    """Check that the accounts of a thread hold exactly its own changes."""
    for index, user_id in enumerate(client.private):
        view = client.bus.handle(GetUser(reference=str(user_id)))
        assert (view.user_name, view.disabled) == (f"private{index}of{client.number}", False)
        assert client.bus.handle(GetProfile(user_id=user_id)).bio == client.texts[user_id][-1]
        assert texts_of(journals["profile", user_id]) == client.texts[user_id]
        assert len(journals["user", user_id]) == 1 + client.switches[user_id]
    for session_id in client.closed:
        opened, closed = journals["session", session_id]
        assert (opened.data["user_agent"], closed.sequence) == (str(client.number), 2)
        assert opened.subject in client.private


def texts_of(entries: list[JournalEntry]) -> list[str]:
    """Return the texts of the profile changes, in order."""
    return [entry.data["changes"]["bio"] for entry in entries if entry.type == "hexaccount.profile.updated.v1"]
