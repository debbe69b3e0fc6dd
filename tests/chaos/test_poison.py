"""An event that a receiver never accepts blocks only its own account there, and is retried on request."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hexaccount.accounts.user import User
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings, WebhookSettings
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.events.ports import EventFilter
from tests.adapters.webhooks.receivers import SECRET, Receiver, receiving
from tests.servers import forked
from tests.servers.kafka import all_messages, headers_of
from tests.servers.processes import RunningCommand, without_coverage
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

CRM = "webhook:crm"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def service(tmp_path: Path, kafka_topic: str, receiver: Receiver) -> Iterator[Service]:
    webhook = WebhookSettings(name="crm", url=receiver.url, secret=SECRET, allow_private=True, attempts=2)
    store = f"sqlite:///{tmp_path}/store.db"
    settings = Settings(store=store, events=[kafka_topic], webhooks=[webhook], jwt=JwtSettings(key=SIGNING_KEY))
    with open_service(settings) as service:
        service.store.migrate()
        service.subscribe()
        yield service


@pytest.fixture
def environment(service: Service, receiver: Receiver) -> dict[str, str]:
    """Return the settings of that service for processes."""
    webhooks = [{"name": "crm", "url": receiver.url, "secret": SECRET, "allow_private": True, "attempts": 2}]
    return {
        **without_coverage(),
        "HEXACCOUNT_STORE": service.settings.store,
        "HEXACCOUNT_JWT__KEY": SIGNING_KEY,
        "HEXACCOUNT_EVENTS": json.dumps(service.settings.events),
        "HEXACCOUNT_WEBHOOKS": json.dumps(webhooks),
    }


@pytest.fixture
def outbox(environment: dict[str, str], tmp_path: Path) -> Callable[..., str]:
    """Return a function that runs `hexaccount outbox` and returns its output."""

    def outbox(*arguments: str) -> str:
        done = forked.run(["outbox", *arguments], cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return outbox


@pytest.fixture
def start_relay(environment: dict[str, str], tmp_path: Path) -> Callable[[], RunningCommand]:
    return lambda: forked.running(["relay"], output=tmp_path / "relay", env=environment, cwd=tmp_path)


def wait_until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)


def events_of(service: Service, user: User) -> list[str]:
    """Return the ids of the events of the account's journal, in order."""
    entries = service.store.history.by_aggregate(EventFilter(user_id=user.id), limit=100, after=None)
    return [str(entry.id) for entry in entries if entry.aggregate == "user"]


def test_a_rejected_event_blocks_only_its_account_and_receiver_and_is_delivered_after_the_repair(
    service: Service,
    receiver: Receiver,
    kafka_topic: str,
    start_relay: Callable[[], RunningCommand],
    outbox: Callable[..., str],
) -> None:
    factory = Factory()
    ada, eve = factory.user(), factory.user()
    for user in (ada, eve):
        user.disable(factory.now())
        user.enable(factory.now())
    save(service.store, ada, eve)
    first, poison, later = events_of(service, ada)
    receiver.refused.add(poison)

    def received_by_crm(user: User) -> list[str]:
        events = events_of(service, user)
        return [event for event in receiver.ids if event in events]

    with start_relay() as relay:
        wait_until(lambda: later in receiver.ids, "the account's later event is delivered")
        assert received_by_crm(ada) == [first, poison, poison, later]
        ((subscriber, event_id, attempts, error),) = dead_letters(outbox)
        assert (subscriber, event_id, attempts) == (CRM, poison, 2)
        assert "it answered 500" in error

        receiver.refused.clear()
        assert "1 delivery is pending again" in outbox("retry", poison, "--subscriber", CRM)
        wait_until(lambda: received_by_crm(ada) == [first, poison, poison, later, poison], "it is delivered")
        assert dead_letters(outbox) == []
        assert relay.terminate() == 0

    second_attempt = [number for number, event in enumerate(receiver.ids) if event == poison][1]
    assert set(receiver.ids[:second_attempt]) >= set(events_of(service, eve)), "the other account was held up"
    published_at = {headers_of(message)["ce_id"]: message.timestamp()[1] for message in all_messages(kafka_topic)}
    tried_again_at = int(receiver.requests[second_attempt].headers["webhook-timestamp"])
    assert all(published_at[event] / 1000 < tried_again_at for event in (first, poison, later)), "Kafka was blocked"
    profiles = 2
    assert len(receiver.ids) == len(set(receiver.ids)) + 2 == 6 + profiles + 2
    assert relay.output.count("is a dead letter for") == 1


def dead_letters(outbox: Callable[..., str]) -> list[tuple[Any, ...]]:
    """Return the dead letters that `hexaccount outbox list` shows."""
    listed = json.loads(outbox("list", "--json"))["data"]
    return [(one["subscriber"], one["event_id"], one["attempts"], one["error"]) for one in listed]
