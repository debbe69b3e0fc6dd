"""A registration, or the step of a replay, is whole or was never, wherever the process that makes it is killed."""

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
from hexaccount.bootstrap.service import Service
from hexaccount.events import replay_events as replaying
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount_memory import MemoryPublisher
from hexaccount_system import SystemClock
from tests.application.people import registration
from tests.servers.mongo import MongoServer, quick_directory
from tests.servers.postgres import temporary_database
from tests.side_by_side.doomed_registration import PASSWORD, opened, register
from tests.side_by_side.doomed_replay import STEP, replay, replay_all

pytestmark = pytest.mark.long

# Each is forked from one process that has imported everything and opened nothing.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([register.__module__, replay.__module__])
EVERY = 3
"""A replay is killed at every third point; its steps are alike."""
FEWEST_POINTS = 12
"""A look-up or two, the commit and the acknowledgement, the claims of two subscribers: with fewer, none are counted."""


@pytest.fixture(params=["sqlite", "postgresql", "mongodb"])
def durable_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the `store` setting of a store that outlives its processes."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/hexaccount.db"
    elif request.param == "mongodb":
        # It ends the transactions of the dead sooner than after a minute, for which the next one would wait.
        with MongoServer(quick_directory(tmp_path), transaction_lifetime=1) as server:
            yield f"mongodb://127.0.0.1:{server.port}/doomed?directConnection=true"
    else:
        with temporary_database(request.getfixturevalue("postgres_server")) as url:
            yield url


def test_a_registration_is_whole_or_never_was_wherever_its_process_is_killed(
    durable_store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, clock = 0, AfterTheLeases()
    with opened(durable_store, clock) as service:
        for point in count(1):
            name = f"doomed{point}"
            code, told = run_until_doom(register, durable_store, name, point)
            exists = is_whole(service, clock, name)
            assert told[:1] in ([], [201])
            assert exists or not told, f"an acknowledged account is lost at point {point}"
            whole += exists
            if code == 0:
                break
            assert code == -signal.SIGKILL
    with capsys.disabled():
        sys.stdout.write(
            f"\n{durable_store.partition(':')[0]}: killed at {point - 1} points, {whole} after the commit\n"
        )
    assert told == [201, point - 1]
    assert point > FEWEST_POINTS
    assert 0 < whole < point


def test_a_killed_replay_leaves_whole_aggregates_and_is_completed_by_another(
    durable_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "BATCH", STEP)
    clock = AfterTheLeases()
    with opened(durable_store, clock) as service:
        for name in ("juliet", "romeo"):
            user_id = service.bus.handle(registration(name))
            for text in ("one", "two"):
                service.bus.handle(UpdateProfile(user_id=user_id, changes={"bio": text}))
        deliver_all(service, clock)
        journals = told_of(service)
    assert sorted(map(len, journals.values())) == [1, 1, 3, 3]
    partly = 0
    for point in count(1, EVERY):
        code, told = run_until_doom(replay, durable_store, point)
        with opened(durable_store, clock) as service:
            deliver_all(service, clock)
            before = told_of(service)
            assert before.items() <= journals.items(), f"part of an aggregate was owed at point {point}"
            partly += 0 < len(before) < len(journals)
            replay_all(service)
            deliver_all(service, clock)
            everything = told_of(service)
        assert everything == {key: before.get(key, []) + journals[key] for key in journals}
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert point - EVERY <= told[0] < point
    assert before == journals
    assert point > FEWEST_POINTS
    assert 0 < partly < point


def told_of(service: Service) -> dict[tuple[str, UUID], list[int]]:
    """Return which events of each aggregate the world outside was told of, in order."""
    (outside,) = service.publishers.values()
    assert isinstance(outside, MemoryPublisher)
    told: dict[tuple[str, UUID], list[int]] = {}
    for entry in outside.published:
        told.setdefault((entry.aggregate, entry.aggregate_id), []).append(entry.sequence)
    return told


def run_until_doom(work: Callable[..., None], *given: object) -> tuple[int | None, list[int]]:
    """Return how the process has ended, and what it has told until then."""
    ours, its = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=work, args=(*given, its))
    process.start()
    its.close()
    told = []
    with suppress(EOFError):
        while True:
            told.append(ours.recv())
    process.join(60)
    return process.exitcode, told


class AfterTheLeases(SystemClock):
    """The clock of a restart so late that nobody waits for the deliveries which the dead process had claimed."""

    hours = 1

    def now(self) -> datetime:
        return super().now() + timedelta(hours=self.hours)


def deliver_all(service: Service, clock: AfterTheLeases) -> None:
    """Deliver what is owed, as patiently as a relay does where the dead have left a transaction open."""
    for _ in range(60):
        try:
            service.deliver_all()
        except StoreUnavailable:
            time.sleep(0.2)
            clock.hours += 1
        else:
            return
    raise AssertionError("what the dead have left is refused for ever")


def is_whole(service: Service, clock: AfterTheLeases, name: str) -> bool:
    """Return whether there is such an account; raises AssertionError if there is only part of one."""
    deliver_all(service, clock)
    (outside,) = service.publishers.values()
    assert isinstance(outside, MemoryPublisher)
    try:
        service.bus.handle(LogIn(user_name=name, password=PASSWORD))
    except WrongCredentials:
        assert not [entry for entry in outside.published if entry.data.get("user_name") == name]
        return False
    with service.store.unit_of_work() as uow:
        user = uow.users.find_by_name(name)
        assert user
        journal: list[JournalEntry] = list(uow.journal.of("user", user.id))
        assert [(entry.type, entry.sequence) for entry in journal] == [("hexaccount.user.registered.v1", 1)]
        assert len(uow.journal.of("profile", user.id)) == 1
    assert service.bus.handle(GetProfile(user_id=user.id)).version == 1
    return True
