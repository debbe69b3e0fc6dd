"""A registration and each step of a replay are atomic, wherever their process is killed."""

import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service
from hexaccount.events import replay_events as replaying
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.passwords.errors import WrongCredentials
from hexaccount_memory import MemoryPublisher
from hexaccount_system import SystemClock
from tests.people import log_in, registration
from tests.servers.mongo import MongoServer, quick_directory
from tests.servers.postgres import temporary_database
from tests.side_by_side.killed_registration import opened, register
from tests.side_by_side.killed_replay import STEP, replay, replay_all

pytestmark = pytest.mark.long

# The fork server imports everything once.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([register.__module__, replay.__module__])
EVERY = 5
"""Processes are killed at every fifth point; registrations, in the slow tests, at each one."""
MIN_POINTS = 12
"""Look-ups, commit, acknowledgement and the claims of two subscribers; with fewer points the counting is broken."""


@pytest.fixture(params=["sqlite", "postgresql", "mongodb"])
def durable_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the `store` setting of a store that outlives its processes."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/hexaccount.db"
    elif request.param == "mongodb":
        # The server aborts transactions of killed processes after a second, not after a minute.
        with MongoServer(quick_directory(tmp_path), transaction_lifetime=1) as server:
            yield f"mongodb://127.0.0.1:{server.port}/killed?directConnection=true"
    else:
        with temporary_database(request.getfixturevalue("postgres_server")) as url:
            yield url


@pytest.mark.parametrize("every", [EVERY, pytest.param(1, marks=pytest.mark.slow)])
def test_a_registration_is_atomic_wherever_its_process_is_killed(
    durable_store: str, capsys: pytest.CaptureFixture[str], every: int
) -> None:
    killed, committed, clock = 0, 0, ClockAfterLeases()
    with opened(durable_store, clock) as service:
        for point in count(1, every):
            name = f"user{point}"
            code, received = run_until_killed(register, durable_store, name, point)
            exists = is_complete(service, clock, name)
            assert received[:1] in ([], [201])
            assert exists or not received, f"an acknowledged account is lost at point {point}"
            committed += exists
            if code == 0:
                break
            assert code == -signal.SIGKILL
            killed += 1
    with capsys.disabled():
        sys.stdout.write(
            f"\n{durable_store.partition(':')[0]}: killed at {killed} points, {committed} after the commit\n"
        )
    status, points = received
    assert status == 201
    assert point - every <= points < point
    assert point > MIN_POINTS
    assert 0 < committed <= killed


@pytest.mark.parametrize(
    "durable_store",
    # A step of it is one commit, as a registration is, which is killed on each store.
    ["postgresql", *(pytest.param(store, marks=pytest.mark.slow) for store in ("sqlite", "mongodb"))],
    indirect=True,
)
def test_a_killed_replay_leaves_whole_aggregates_and_a_second_one_completes_it(
    durable_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "BATCH", STEP)
    clock = ClockAfterLeases()
    with opened(durable_store, clock) as service:
        for name in ("juliet", "romeo"):
            user_id = service.bus.handle(registration(name))
            for text in ("one", "two"):
                service.bus.handle(UpdateProfile(user_id=user_id, changes={"bio": text}))
        deliver_all(service, clock)
        journals = published_by(service)
    assert sorted(map(len, journals.values())) == [1, 1, 3, 3]
    incomplete = 0
    for point in count(1, EVERY):
        code, received = run_until_killed(replay, durable_store, point)
        with opened(durable_store, clock) as service:
            deliver_all(service, clock)
            before = published_by(service)
            assert before.items() <= journals.items(), f"part of an aggregate was enqueued at point {point}"
            incomplete += 0 < len(before) < len(journals)
            replay_all(service)
            deliver_all(service, clock)
            everything = published_by(service)
        assert everything == {key: before.get(key, []) + journals[key] for key in journals}
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert point - EVERY <= received[0] < point
    assert before == journals
    assert point > MIN_POINTS
    assert 0 < incomplete < point


def published_by(service: Service) -> dict[tuple[str, UUID], list[int]]:
    """Return the sequence numbers of the published events by aggregate, in order of publication."""
    (publisher,) = service.publishers.values()
    assert isinstance(publisher, MemoryPublisher)
    sequences: dict[tuple[str, UUID], list[int]] = {}
    for entry in publisher.published:
        sequences.setdefault((entry.aggregate, entry.aggregate_id), []).append(entry.sequence)
    return sequences


def run_until_killed(work: Callable[..., None], *given: object) -> tuple[int | None, list[int]]:
    """Run `work` in a separate process, and return its exit code and what it has sent."""
    ours, its = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=work, args=(*given, its))
    process.start()
    its.close()
    received = []
    with suppress(EOFError):
        while True:
            received.append(ours.recv())
    process.join(60)
    return process.exitcode, received


class ClockAfterLeases(SystemClock):
    """A clock after the leases of all killed processes."""

    hours = 1

    def now(self) -> datetime:
        return super().now() + timedelta(hours=self.hours)


def deliver_all(service: Service, clock: ClockAfterLeases) -> None:
    """Deliver everything; retry while MongoDB has not aborted transactions of killed processes."""
    for _ in range(60):
        try:
            service.deliver_all()
        except StoreUnavailable:
            time.sleep(0.2)
            clock.hours += 1
        else:
            return
    raise AssertionError("an open transaction of a killed process was never aborted")


def is_complete(service: Service, clock: ClockAfterLeases, name: str) -> bool:
    """Return whether the account exists; raises AssertionError if only part of it exists."""
    deliver_all(service, clock)
    (publisher,) = service.publishers.values()
    assert isinstance(publisher, MemoryPublisher)
    try:
        log_in(service.bus, name)
    except WrongCredentials:
        assert not [entry for entry in publisher.published if entry.data.get("user_name") == name]
        return False
    with service.store.unit_of_work() as uow:
        user = Users(uow).find_by_name(name)
        assert user
        journal: list[JournalEntry] = list(uow.journal.of("user", user.id))
        assert [(entry.type, entry.sequence) for entry in journal] == [("hexaccount.user.registered.v1", 1)]
        assert len(uow.journal.of("profile", user.id)) == 1
    assert service.bus.handle(GetProfile(user_id=user.id)).version == 1
    return True
