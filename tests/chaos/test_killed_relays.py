"""Relays are killed repeatedly, and the broker hangs and restarts: no event is lost or out of order."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from hexaccount.accounts.profile import ProfileCreated
from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.user import User, UserRegistered
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import AlreadyHandled, EventFilter
from hexaccount.store_kit.store import Store
from tests.chaos.disruption import ACTIONS, RELAYS, Chaos
from tests.chaos.fleet import Fleet, running_fleet
from tests.chaos.ledger import open_ledger
from tests.servers.kafka import KafkaServer, all_messages, headers_of, temporary_topic
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

ACCOUNTS, EVENTS_EACH, WAVE = 200, 10, 50
LEASE = 1.0
PROFILES = "profile-of-a-registered-user"


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """Yield a broker that no other module uses."""
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def topic(kafka: KafkaServer) -> Iterator[str]:
    with temporary_topic(kafka.url) as url:
        yield url


@pytest.fixture
def service(store_url: str, topic: str) -> Iterator[Service]:
    """Yield a service on the store without relays of its own: those of the fleet deliver."""
    with open_service(Settings(store=store_url, events=[topic], jwt=JwtSettings(key=SIGNING_KEY))) as service:
        service.store.migrate()
        service.subscribe()
        yield service


@pytest.fixture
def fleet(store_url: str, topic: str, tmp_path: Path, service: Service) -> Iterator[Fleet]:
    settings = {
        "HEXACCOUNT_STORE": store_url,
        "HEXACCOUNT_JWT__KEY": SIGNING_KEY,
        "HEXACCOUNT_EVENTS": f'["{topic}"]',
        "HEXACCOUNT_RELAY__LEASE": str(LEASE),
    }
    with running_fleet(tmp_path, settings, size=RELAYS) as fleet:
        yield fleet


def waves(store: Store) -> Iterator[int]:
    """Commit one event of each of fifty accounts at each step, ten of each account in total."""
    factory = Factory()
    groups = [[factory.user() for _ in range(WAVE)] for _ in range(ACCOUNTS // WAVE)]
    for group in groups:
        save(store, *group)
        yield WAVE
    for step in range(1, EVENTS_EACH):
        for group in groups:
            with store.unit_of_work() as uow:
                for user in group:
                    _change(Users(uow).get(user.id), step, factory)
                uow.commit()
            yield WAVE


def _change(user: User, step: int, factory: Factory) -> None:
    action = (user.end_sessions, user.disable, user.enable)[step % 3]
    before = user.version
    action(factory.now())
    if user.version == before:
        user.change_password("another hash", factory.now())


@pytest.fixture
def chaos(fleet: Fleet, kafka: KafkaServer, service: Service, store_url: str) -> Iterator[Chaos]:
    with open_ledger(store_url) as ledger:
        yield Chaos(fleet, ledger, kafka, waves(service.store))


def test_killed_relays_lose_no_event_keep_the_order_and_have_each_effect_once(
    service: Service, fleet: Fleet, chaos: Chaos, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = service.store
    chaos.run()
    assert fleet.stop() == [0] * RELAYS
    journal = entries_of(store)
    received = [headers_of(message) for message in all_messages(topic)]
    times = Counter(headers["ce_id"] for headers in received)
    at_work = sum(pending > 0 for pending in chaos.pending_at_kills)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{service.settings.store_kind}: {fleet.kills} kills, {at_work} of them while something was pending; "
            f"{chaos.orphaned} claims of killed relays were taken over; {len(times)} events, "
            f"{len(received) - len(times)} of which were received again\n"
        )

    assert Counter(entry.type for entry in journal)[UserRegistered.type] == ACCOUNTS
    assert len(journal) == ACCOUNTS * (EVENTS_EACH + 1), "each account has its ten events, and a profile"
    assert times.keys() == {str(entry.id) for entry in journal}, "each event was published"

    first: dict[tuple[str, str], list[int]] = defaultdict(list)
    for headers in received:
        sequences = first[headers["ce_aggregate"], headers["ce_subject"]]
        if int(headers["ce_sequence"]) not in sequences:
            sequences.append(int(headers["ce_sequence"]))
    assert [sequences for sequences in first.values() if sequences != list(range(1, len(sequences) + 1))] == [], (
        "a later event received first"
    )

    assert_each_effect_once(store, [entry for entry in journal if entry.type == UserRegistered.type])
    assert store.dead_letters.page(limit=10, after=None) == []

    assert at_work >= len(ACTIONS) // 2, "too many relays were killed while nothing was pending"
    assert chaos.orphaned > 0, "no relay was killed while it held a claim"
    assert "Traceback" not in fleet.output()


def entries_of(store: Store) -> Sequence[JournalEntry]:
    """Return the whole journal."""
    entries: list[JournalEntry] = []
    while page := store.history.page(EventFilter(), limit=1000, after=entries[-1].id if entries else None):
        entries += page
    return entries


def assert_each_effect_once(store: Store, registered: Sequence[JournalEntry]) -> None:
    """Check that each registration has created one profile, once, and is in the inbox."""
    for entry in registered:
        user_id: UUID = entry.subject
        with store.unit_of_work() as uow:
            profile = Profiles(uow).find(user_id)
            assert profile is not None
            assert profile.version == 1
            (created,) = uow.journal.of("profile", user_id)
            assert (created.type, created.sequence, created.causation_id) == (ProfileCreated.type, 1, str(entry.id))
            uow.inbox.add(PROFILES, entry.id)
            with pytest.raises(AlreadyHandled):
                uow.commit()
