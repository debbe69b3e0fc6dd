import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hexaccount.bootstrap.container import Container
from hexaccount.bootstrap.handlers import build_handlers
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, RelaySettings, Settings, WebhookSettings
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.bootstrap.stores import STORES
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.kernel.bus import Bus
from hexaccount.registration.register_user import RegisterUser
from tests.application.people import registration

PROFILES = sorted((Path(__file__).parents[2] / "config").glob("*.toml"))
KEY = {"HEXACCOUNT_JWT__KEY": "k" * 32}
CHEAP = PasswordSettings(cost=4)
MEMORY = Settings(store="memory://", password=CHEAP)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened_files() -> set[str]:
    """Return what this process holds open, sockets included."""
    descriptors = Path("/proc/self/fd").iterdir()
    return {str(descriptor.readlink()) for descriptor in descriptors if descriptor.is_symlink()}


def test_every_store_has_a_profile() -> None:
    assert {load_settings(profile, {}).store_kind for profile in PROFILES} == set(STORES)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.stem)
def test_a_profile_builds_a_service_that_connects_to_nothing_and_makes_nothing(profile: Path, here: Path) -> None:
    settings = load_settings(profile, KEY)
    with open_service(settings):
        pass  # what is imported for the first time may hold files open
    threads, files = set(threading.enumerate()), opened_files()
    with open_service(settings) as service:
        assert isinstance(service.bus, Bus)
        assert service.relays
        assert {file for file in opened_files() - files if not file.startswith("/proc")} == set()
        assert set(threading.enumerate()) <= threads
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.stem)
def test_every_part_of_a_profile_can_be_built(profile: Path) -> None:
    with open_service(load_settings(profile, KEY)) as service:
        container = service.container
        for provider in (container.clock, container.identifiers, container.recorder, container.store):
            assert provider() is provider()
        for provider in (
            container.hasher,
            container.common_passwords,
            container.tokens,
            container.artist,
            container.publishers,
        ):
            assert provider() is provider()


def test_a_service_with_a_cache_connects_to_nothing_either() -> None:
    settings = Settings(store="memory://", cache="redis://127.0.0.1:1")
    with open_service(settings):
        pass  # as above
    threads, files = set(threading.enumerate()), opened_files()
    with open_service(settings) as service:
        assert isinstance(service.bus, Bus)
        assert [subscriber.name for subscriber in service.subscribers][-1] == "session-cache"
        assert {file for file in opened_files() - files if not file.startswith("/proc")} == set()
        assert set(threading.enumerate()) <= threads


def test_every_message_has_its_handler() -> None:
    container = Container(settings=MEMORY)
    handlers = build_handlers(
        unit_of_work=container.store().unit_of_work,
        history=container.store().history,
        replay_targets=[],
        subscriptions=container.store().subscriptions,
        outbox=container.store().outbox,
        known_subscribers=(),
        retention_store=container.store().retention_store,
        retention=container.retention(),
        hasher=container.hasher(),
        common_passwords=container.common_passwords(),
        tokens=container.tokens(),
        keys=container.store().signing_keys,
        key_factory=container.key_factory(),
        clock=container.clock(),
        identifiers=container.identifiers(),
        lifetimes=container.lifetimes(),
        roles=container.roles(),
        fingerprints=container.fingerprints(),
        idempotency_lifetime=container.clock().now() - container.clock().now(),
        guard=container.guard(),
    )
    assert {message.__name__ for message in handlers} == {
        "RegisterUser", "LogIn", "LogOut", "UpdateProfile", "DisableUser", "EnableUser",
        "Authenticate", "GetUser", "ListUsers", "GetProfile", "RefreshSession", "ListSessions", "EndSession",
        "EndSessions", "EndAllSessions", "ChangePassword", "SetPassword", "GrantRole", "RevokeRole", "AcquirePermit",
        "AddKey", "RetireKey", "RemoveKey", "ListKeys", "Purge",
        "ListEvents", "GetEvent", "PreviewReplay", "ReplayEvents", "ListSubscribers", "Unsubscribe",
    }  # fmt: skip
    container.lane().close()


def test_a_clock_of_ones_own_is_everybodys_clock() -> None:
    clock = AdjustableClock()
    with open_service(MEMORY, clock=clock) as service:
        service.bus.handle(registration())
        with service.store.unit_of_work() as uow:
            juliet = uow.users.find_by_name("juliet")
    assert juliet is not None
    assert juliet.registered_at == clock.now()


def test_a_part_that_the_container_does_not_have_cannot_be_replaced() -> None:
    with pytest.raises(AttributeError):
        open_service(MEMORY, klock=AdjustableClock())


def test_two_services_share_nothing() -> None:
    with open_service(MEMORY, clock=AdjustableClock()) as one, open_service(MEMORY) as other:
        one.bus.handle(registration())
        other.bus.handle(registration())
        assert one.container.clock() is not other.container.clock()
        assert one.container.lane() is not other.container.lane()


def test_the_attempts_of_the_settings_are_those_of_the_relays() -> None:
    with open_service(Settings(store="memory://", relay=RelaySettings(attempts=3))) as service:
        assert [relay._policy.attempts for relay in service.relays] == [3]


def test_relays_of_publishers_linger_for_less_and_are_as_patient_otherwise() -> None:
    settings = Settings(store="memory://", events=["memory://"], relay=RelaySettings(attempts=3, lease=2.5))
    with open_service(settings) as service:
        handling, publishing = (relay._policy for relay in service.relays)
    assert publishing == replace(handling, batch=500, linger=timedelta(milliseconds=10), hands=2)
    assert handling.linger > publishing.linger


def test_the_lease_of_the_settings_is_that_of_all_relays_those_of_webhooks_included() -> None:
    webhook = WebhookSettings(name="crm", url="https://example.org", secret="whsec_" + 32 * "k")
    settings = Settings(store="memory://", relay=RelaySettings(lease=2.5), webhooks=[webhook])
    with open_service(settings) as service:
        assert [relay._policy.lease for relay in service.relays] == [timedelta(seconds=2.5)] * 2


def test_every_publisher_of_the_settings_gets_every_event() -> None:
    urls = ["memory://one", "memory://other"]
    with open_service(Settings(store="memory://", password=CHEAP, events=urls)) as service:
        service.subscribe()
        service.bus.handle(registration())
        service.deliver_all()
        published = [[entry.type for entry in service.publishers[url].published] for url in urls]
    assert published == [["hexaccount.user.registered.v1", "hexaccount.profile.created.v1"]] * 2


def test_the_relays_of_a_running_service_deliver_and_end_with_it() -> None:
    before = threading.active_count()
    with open_service(Settings(store="memory://", password=CHEAP, events=["memory://"])) as service:
        service.subscribe()
        service.start_relays()
        service.bus.submit(registration()).result(timeout=10)
        publisher = service.publishers["memory://"]
        for _ in range(1000):
            if len(publisher.published) == 2:
                break
            threading.Event().wait(0.01)
    assert [entry.sequence for entry in publisher.published] == [1, 1]
    assert threading.active_count() == before


def test_a_service_may_be_closed_before_it_was_used_and_twice() -> None:
    service: Service = open_service(MEMORY)
    service.close()
    service.close()


def test_a_closed_service_hashes_nothing_more() -> None:
    with open_service(MEMORY) as service:
        bus = service.bus
    command: RegisterUser = registration()
    with pytest.raises(RuntimeError, match="closed"):
        bus.handle(command)
