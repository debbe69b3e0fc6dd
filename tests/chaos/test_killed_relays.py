"""Relays that are killed again and again, beside a broker that hangs and is away: nothing is lost, all in order."""

import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest

from hexaccount.accounts.profile import ProfileCreated
from hexaccount.accounts.user import User, UserRegistered
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import save
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import AlreadyHandled, EventFilter
from hexaccount.store_kit.store import Store
from tests.chaos.fleet import Fleet, running_fleet
from tests.chaos.ledger import Ledger, open_ledger
from tests.contracts.sql_stores import quick_directory
from tests.servers.kafka import KafkaServer, all_messages, headers_of, temporary_topic
from tests.servers.mongo import MongoServer
from tests.servers.postgres import temporary_database

pytestmark = pytest.mark.long

ACCOUNTS, EVENTS_EACH, WAVE = 200, 10, 50
RELAYS = 3
LEASE = 1.0
SEED = 20261123
PROFILES = "profile-of-a-registered-user"
PATIENCE = 60.0
A_WHILE = 5.0
"""Seconds after which somebody is killed though nothing was seen to be claimed; the figures will tell."""
DEEDS = ["kill one"] * 3 + ["kill all", "let the broker hang", "restart the broker"]
"""What is done while relays are at work, in an order that is left to the seed."""


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """Give a broker that other tests do not mind losing."""
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
def topic(kafka: KafkaServer) -> Iterator[str]:
    with temporary_topic(kafka.url) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql", "mongodb"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the `store` setting of a store that processes share."""
    if request.param == "sqlite":
        with TemporaryDirectory(dir=quick_directory(tmp_path)) as folder:
            yield f"sqlite:///{folder}/hexaccount.db"
    elif request.param == "mongodb":
        # It ends the transactions of the dead sooner than after a minute, for which the others would wait.
        with MongoServer(quick_directory(tmp_path), transaction_lifetime=1) as server:
            yield f"mongodb://127.0.0.1:{server.port}/chaos?directConnection=true"
    else:
        with temporary_database(request.getfixturevalue("postgres_server")) as url:
            yield url


@pytest.fixture
def service(store_url: str, topic: str) -> Iterator[Service]:
    """Give a service on the store, whose relays do not run: those of the fleet do its work."""
    with open_service(Settings(store=store_url, events=[topic], jwt=JwtSettings(key="k" * 32))) as service:
        service.store.migrate()
        service.subscribe()
        yield service


@pytest.fixture
def fleet(store_url: str, topic: str, tmp_path: Path, service: Service) -> Iterator[Fleet]:
    settings = {
        "HEXACCOUNT_STORE": store_url,
        "HEXACCOUNT_EVENTS": f'["{topic}"]',
        "HEXACCOUNT_RELAY__LEASE": str(LEASE),
    }
    with running_fleet(tmp_path, settings, size=RELAYS) as fleet:
        yield fleet


def waves(store: Store) -> Iterator[int]:
    """Commit one more event of each of fifty accounts at each step, ten of each account in all."""
    people = People()
    groups = [[people.user() for _ in range(WAVE)] for _ in range(ACCOUNTS // WAVE)]
    for group in groups:
        save(store, *group)
        yield WAVE
    for step in range(1, EVENTS_EACH):
        for group in groups:
            with store.unit_of_work() as uow:
                for user in group:
                    _change(uow.users.get(user.id), step, people)
                uow.commit()
            yield WAVE


def _change(user: User, step: int, people: People) -> None:
    deed = (user.end_sessions, user.disable, user.enable)[step % 3]
    before = user.version
    deed(people.now())
    if user.version == before:
        user.change_password(people.now())


def wait_until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.03)


class Chaos:
    """Does what the seed says, while there is work, and counts what came of it."""

    def __init__(self, fleet: Fleet, ledger: Ledger, kafka: KafkaServer, journal: Iterator[int]) -> None:
        self._fleet, self._ledger, self._kafka, self._journal = fleet, ledger, kafka, journal
        self._chance = random.Random(SEED)
        self.owed_at_kills: list[int] = []
        self.orphaned = 0

    def run(self) -> None:
        """Do all deeds, and see that everything is delivered in the end."""
        for deed in self._chance.sample(DEEDS, len(DEEDS)):
            self._wait_for_relays(1 if deed == "kill one" else RELAYS)
            if deed == "kill one":
                self._kill_at_work(everybody=False, within=0.03)
            elif deed == "kill all":
                self._kill_at_work(everybody=True, within=0.03)
            else:
                # Whoever has published before sends its events into the hanging, and dies without an answer.
                wait_until(lambda: self._ledger.pending() == 0, "nothing is owed")
                self._kafka.pause()
                try:
                    self._kill_at_work(everybody=True, within=0.5)
                finally:
                    self._kafka.resume()
                if deed == "restart the broker":
                    self._kafka.stop()
                    self._fleet.start()
                    self._wait_for_relays(1)
                    self._kafka.start()
            # What is committed while relays are away is a backlog that the next ones to be killed work on.
            sum(islice(self._journal, 3))
            self._fleet.start()
        sum(self._journal)
        wait_until(lambda: self._ledger.pending() == 0, "nothing is owed any more")

    def _wait_for_relays(self, number: int) -> None:
        wait_until(lambda: len(self._fleet.at_work()) >= number, f"{number} relays deliver")

    def _kill_at_work(self, *, everybody: bool, within: float) -> None:
        """Kill one or all within so many seconds of a new claim."""
        before = self._ledger.claimed().keys()
        assert sum(islice(self._journal, 1)), "there are too few events for so many deeds"
        began = time.monotonic()
        while not self._ledger.claimed().keys() - before and time.monotonic() - began < A_WHILE:
            time.sleep(0.005)
        time.sleep(self._chance.uniform(0, within))
        at_work = self._fleet.at_work()
        event_filter = at_work if everybody else [self._chance.choice(at_work)]
        self._fleet.kill(*event_filter)
        self.owed_at_kills += [self._ledger.pending()] * len(event_filter)
        if everybody:
            # Nobody is left who could settle these: others will have to take them over.
            self.orphaned += sum(self._ledger.claimed().values())


@pytest.fixture
def chaos(fleet: Fleet, kafka: KafkaServer, service: Service, store_url: str) -> Iterator[Chaos]:
    with open_ledger(store_url) as ledger:
        yield Chaos(fleet, ledger, kafka, waves(service.store))


def test_what_relays_deliver_that_are_killed_again_and_again_is_whole_in_order_and_once_in_effect(
    service: Service, fleet: Fleet, chaos: Chaos, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = service.store
    chaos.run()
    assert fleet.stop() == [0] * RELAYS
    journal = entries_of(store)
    came = [headers_of(message) for message in all_messages(topic)]
    times = Counter(headers["ce_id"] for headers in came)
    at_work = sum(pending > 0 for pending in chaos.owed_at_kills)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{service.settings.store_kind}: {fleet.kills} kills, {at_work} of them while something was owed; "
            f"{chaos.orphaned} claims of the dead were taken over; {len(times)} events, "
            f"{len(came) - len(times)} of which came again\n"
        )

    assert Counter(entry.type for entry in journal)[UserRegistered.type] == ACCOUNTS
    assert len(journal) == ACCOUNTS * (EVENTS_EACH + 1), "each account has its ten events, and a profile"
    assert times.keys() == {str(entry.id) for entry in journal}, "each event was published"

    first: dict[tuple[str, str], list[int]] = defaultdict(list)
    for headers in came:
        sequences = first[headers["ce_aggregate"], headers["ce_subject"]]
        if int(headers["ce_sequence"]) not in sequences:
            sequences.append(int(headers["ce_sequence"]))
    assert [told for told in first.values() if told != list(range(1, len(told) + 1))] == [], "a later event came first"

    assert_once_in_effect(store, [entry for entry in journal if entry.type == UserRegistered.type])
    assert store.dead_letters.page(limit=10, after=None) == []

    assert at_work >= len(DEEDS) // 2, "relays were killed that had nothing to do"
    assert chaos.orphaned > 0, "no relay was killed that held a claim"
    assert "Traceback" not in fleet.told()


def entries_of(store: Store) -> Sequence[JournalEntry]:
    """Return the whole journal."""
    found: list[JournalEntry] = []
    while page := store.history.page(EventFilter(), limit=1000, after=found[-1].id if found else None):
        found += page
    return found


def assert_once_in_effect(store: Store, registered: Sequence[JournalEntry]) -> None:
    """See that each registration has made one profile, once, and that the inbox knows of it."""
    for entry in registered:
        user_id: UUID = entry.subject
        with store.unit_of_work() as uow:
            profile = uow.profiles.find(user_id)
            assert profile is not None
            assert profile.version == 1
            (told,) = uow.journal.of("profile", user_id)
            assert (told.type, told.sequence, told.causation_id) == (ProfileCreated.type, 1, str(entry.id))
            uow.inbox.add(PROFILES, entry.id)
            with pytest.raises(AlreadyHandled):
                uow.commit()
