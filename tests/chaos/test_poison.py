"""An event that its receiver never takes: it holds up nobody but its own account there, and is retried once mended."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hexaccount.accounts.user import User
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings, WebhookSettings
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import save
from hexaccount.events.ports import EventFilter
from tests.adapters.webhooks.receivers import SECRET, Receiver, receiving
from tests.servers import forked
from tests.servers.kafka import all_messages, headers_of
from tests.servers.processes import RunningCommand, unmeasured

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
    settings = Settings(store=store, events=[kafka_topic], webhooks=[webhook], jwt=JwtSettings(key="k" * 32))
    with open_service(settings) as service:
        service.store.migrate()
        service.subscribe()
        yield service


@pytest.fixture
def environment(service: Service, receiver: Receiver) -> dict[str, str]:
    """Give the settings of that service to processes."""
    webhooks = [{"name": "crm", "url": receiver.url, "secret": SECRET, "allow_private": True, "attempts": 2}]
    return {
        **unmeasured(),
        "HEXACCOUNT_STORE": service.settings.store,
        "HEXACCOUNT_EVENTS": json.dumps(service.settings.events),
        "HEXACCOUNT_WEBHOOKS": json.dumps(webhooks),
    }


@pytest.fixture
def outbox(environment: dict[str, str], tmp_path: Path) -> Callable[..., str]:
    """Give a function that runs `hexaccount outbox` and returns what it says."""

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
    """Return the ids of the account's own events, in order."""
    entries = service.store.history.by_aggregate(EventFilter(user_id=user.id), limit=100, after=None)
    return [str(entry.id) for entry in entries if entry.aggregate == "user"]


def test_a_poisonous_event_holds_up_its_account_at_its_receiver_alone_and_is_delivered_once_when_that_is_mended(
    service: Service,
    receiver: Receiver,
    kafka_topic: str,
    start_relay: Callable[[], RunningCommand],
    outbox: Callable[..., str],
) -> None:
    people = People()
    ada, eve = people.user(), people.user()
    for user in (ada, eve):
        user.disable(people.now())
        user.enable(people.now())
    save(service.store, ada, eve)
    first, poison, later = events_of(service, ada)
    receiver.refused.add(poison)

    def told_to_crm(user: User) -> list[str]:
        own = events_of(service, user)
        return [event for event in receiver.ids if event in own]

    with start_relay() as relay:
        wait_until(lambda: later in receiver.ids, "the account's later event is delivered")
        assert told_to_crm(ada) == [first, poison, poison, later]
        ((subscriber, event_id, attempts, error),) = given_up(outbox)
        assert (subscriber, event_id, attempts) == (CRM, poison, 2)
        assert "it answered 500" in error

        receiver.refused.clear()
        assert "1 delivery is owed again" in outbox("retry", poison, "--subscriber", CRM)
        wait_until(lambda: told_to_crm(ada) == [first, poison, poison, later, poison], "it is delivered")
        assert given_up(outbox) == []
        assert relay.terminate() == 0

    second_attempt = [number for number, event in enumerate(receiver.ids) if event == poison][1]
    assert set(receiver.ids[:second_attempt]) >= set(events_of(service, eve)), "the other account was held up"
    came = {headers_of(message)["ce_id"]: message.timestamp()[1] for message in all_messages(kafka_topic)}
    tried_again_at = int(receiver.requests[second_attempt].headers["webhook-timestamp"])
    assert all(came[event] / 1000 < tried_again_at for event in (first, poison, later)), "Kafka was held up"
    profiles = 2
    assert len(receiver.ids) == len(set(receiver.ids)) + 2 == 6 + profiles + 2
    assert relay.output.count("is given up for") == 1


def given_up(outbox: Callable[..., str]) -> list[tuple[Any, ...]]:
    """Return what `hexaccount outbox list` says was given up."""
    listed = json.loads(outbox("list", "--json"))["data"]
    return [(one["subscriber"], one["event_id"], one["attempts"], one["error"]) for one in listed]
