"""A service with webhooks: which receiver gets which events, retries, and what an operator does with dead letters."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess, run
from typing import Any

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings, WebhookSettings
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.adapters.webhooks.receivers import SECRET, Receiver, receiving
from tests.people import registration
from tests.servers.ports import free_port
from tests.servers.processes import console_command
from tests.signing_key import SIGNING_KEY

REGISTERED, DISABLED = "hexaccount.user.registered.v1", "hexaccount.user.disabled.v1"
CREATED = "hexaccount.profile.created.v1"
Opener = Callable[..., Service]


def to(receiver: Receiver | str, name: str = "crm", **settings: Any) -> WebhookSettings:
    url = receiver if isinstance(receiver, str) else receiver.url
    return WebhookSettings(name=name, url=url, secret=SECRET, allow_private=True, **settings)


@pytest.fixture
def clock() -> AdjustableClock:
    return AdjustableClock()


@pytest.fixture
def open_with(clock: AdjustableClock) -> Iterator[Opener]:
    """Return a function that opens a service with webhooks."""
    with ExitStack() as stack:

        def open_it(*webhooks: WebhookSettings, store: str = "memory://", **parts: Any) -> Service:
            settings = Settings(
                store=store,
                jwt=JwtSettings(key=SIGNING_KEY),
                password=PasswordSettings(cost=4),
                webhooks=list(webhooks),
            )
            service = stack.enter_context(open_service(settings, **{"clock": clock, **parts}))
            service.store.migrate()
            service.subscribe()
            return service

        yield open_it


def types(receiver: Receiver) -> list[str]:
    return [json.loads(request.body)["type"] for request in receiver.requests]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_webhook_gets_every_event_and_one_with_types_only_those(open_with: Opener, receiver: Receiver) -> None:
    with receiving() as selective:
        service = open_with(to(receiver), to(selective, "selective", events=(DISABLED, REGISTERED)))
        service.bus.handle(DisableUser(user_id=service.bus.handle(registration())))
        service.deliver_all()
        assert sorted(types(receiver)) == sorted([REGISTERED, DISABLED, CREATED])
        assert types(selective) == [REGISTERED, DISABLED]
    assert [one.name for one in service.subscribers if one.name.startswith("webhook")] == [
        "webhook:crm",
        "webhook:selective",
    ]


def test_a_failed_event_alone_is_sent_again_with_the_same_id(
    open_with: Opener, receiver: Receiver, clock: AdjustableClock
) -> None:
    service = open_with(to(receiver, events=(REGISTERED,)))
    for name in ("juliet", "romeo", "tybalt"):
        service.bus.handle(registration(name))
    receiver.status = 503
    service.deliver_all()
    first = receiver.ids
    assert len(first) == len(set(first)) == 3
    receiver.status = 200
    service.deliver_all()
    assert len(receiver.requests) == 3, "the pause is not over"
    clock.advance(seconds=5)
    service.deliver_all()
    assert sorted(receiver.ids[3:]) == sorted(first)
    clock.advance(days=1)
    service.deliver_all()
    assert len(receiver.requests) == 6


def test_the_events_of_an_account_arrive_in_order_after_a_failure(
    open_with: Opener, receiver: Receiver, clock: AdjustableClock
) -> None:
    service = open_with(to(receiver, events=(REGISTERED, DISABLED)))
    receiver.status = 500
    service.bus.handle(DisableUser(user_id=service.bus.handle(registration())))
    service.deliver_all()
    receiver.status = 200
    clock.advance(seconds=5)
    service.deliver_all()
    assert types(receiver) == [REGISTERED, REGISTERED, DISABLED]


def test_an_event_that_keeps_failing_is_a_dead_letter_after_three_days(
    open_with: Opener, receiver: Receiver, clock: AdjustableClock
) -> None:
    service = open_with(to(receiver, events=(REGISTERED,)))
    receiver.status = 500
    service.bus.handle(registration())
    attempts: list[datetime] = []
    for _ in range(24 * 60):
        service.deliver_all()
        attempts += [clock.now()] * (len(receiver.requests) - len(attempts))
        clock.advance(minutes=5)
    assert len(attempts) == 25
    assert timedelta(hours=60) < attempts[-1] - attempts[0] < timedelta(hours=84)
    assert sum(attempt - attempts[0] < timedelta(hours=1) for attempt in attempts) >= 5
    (dead_letter,) = service.store.dead_letters.page(limit=10, after=None)
    error = (
        "DeliveryFailed: the webhook crm at 127.0.0.1 did not accept the event: it answered 500 Internal Server Error"
    )
    assert (dead_letter.subscriber, dead_letter.error) == ("webhook:crm", error)


def test_failures_to_connect_cost_no_attempt_for_a_day(open_with: Opener, clock: AdjustableClock) -> None:
    service = open_with(to(f"http://127.0.0.1:{free_port()}", events=(REGISTERED,), attempts=2))
    service.bus.handle(registration())
    for _ in range(24):
        with pytest.raises(ReceiverUnavailable):
            service.deliver_all()
        clock.advance(hours=1)
    clock.advance(seconds=1)
    service.deliver_all()
    assert service.store.dead_letters.page(limit=10, after=None) == []
    clock.advance(hours=1)
    service.deliver_all()
    (dead_letter,) = service.store.dead_letters.page(limit=10, after=None)
    assert dead_letter.error.startswith("EndpointUnreachable: the webhook crm at 127.0.0.1 cannot be reached: ")


def test_a_slow_receiver_delays_no_other(open_with: Opener, receiver: Receiver) -> None:
    receiver.hold = threading.Event()
    with receiving() as quick:
        service = open_with(to(receiver, "slow"), to(quick, "quick", events=(REGISTERED,)))
        service.start_relays()
        for name in ("juliet", "romeo", "tybalt"):
            service.bus.handle(registration(name))
        wait_for(lambda: len(quick.requests) == 3)
        assert len(receiver.requests) <= 1
        receiver.hold.set()
        wait_for(lambda: len(receiver.requests) == 6)


def test_dead_letters_are_listed_and_sent_again_from_the_command_line(
    open_with: Opener, receiver: Receiver, clock: AdjustableClock, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/hexaccount.db"
    url = f"{receiver.url}/a-secret-path"
    service = open_with(to(url, events=(REGISTERED,), attempts=1), store=store)
    receiver.status = 410
    service.bus.handle(registration())
    service.deliver_all()

    def hexaccount(*arguments: str) -> CompletedProcess[str]:
        webhooks = json.dumps([{"name": "crm", "url": url, "secret": SECRET, "allow_private": True}])
        env = {"HEXACCOUNT_STORE": store, "HEXACCOUNT_JWT__KEY": SIGNING_KEY, "HEXACCOUNT_WEBHOOKS": webhooks}
        argv = [*console_command("hexaccount"), *arguments]
        return run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True)

    listed = json.loads(hexaccount("outbox", "list", "--json").stdout)["data"]
    assert [(one["subscriber"], one["event_id"]) for one in listed] == [("webhook:crm", receiver.ids[0])]
    assert listed[0]["error"].endswith("it answered 410 Gone; if the receiver is gone for good, remove the webhook")
    assert "1 delivery is pending again" in hexaccount("outbox", "retry", "--subscriber", "webhook:crm").stdout
    shown = hexaccount("config", "show").stdout
    assert f'"http://127.0.0.1:{receiver.port}/********"' in shown
    assert "secret-path" not in shown + str(listed)
    assert SECRET not in shown
    receiver.status = 200
    service.deliver_all()
    assert receiver.ids == [receiver.ids[0]] * 2
    assert service.store.dead_letters.page(limit=10, after=None) == []
