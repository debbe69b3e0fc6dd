import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, RelaySettings, Settings, WebhookSettings
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.bootstrap.stores import STORES
from hexaccount.kernel.bus import MessageBus
from hexaccount.passwords.metrics import HASH_ENGINE
from hexaccount.registration.register_user import RegisterUser
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryMetrics
from tests.people import log_in, registration
from tests.signing_key import SIGNING_KEY

PROFILES = sorted((Path(__file__).parents[2] / "config").glob("*.toml"))
KEY = {"HEXACCOUNT_JWT__KEY": SIGNING_KEY}
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
def test_building_a_profile_opens_no_connection_and_creates_no_file(profile: Path, here: Path) -> None:
    settings = load_settings(profile, KEY)
    with open_service(settings):
        pass  # what is imported for the first time may hold files open
    threads, files = set(threading.enumerate()), opened_files()
    with open_service(settings) as service:
        assert isinstance(service.bus, MessageBus)
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
            container.password_policy,
            container.tokens,
            container.artist,
            container.publishers,
        ):
            assert provider() is provider()


def test_building_a_service_with_a_cache_opens_no_connection() -> None:
    settings = Settings(store="memory://", cache="redis://127.0.0.1:1")
    with open_service(settings):
        pass  # as above
    threads, files = set(threading.enumerate()), opened_files()
    with open_service(settings) as service:
        assert isinstance(service.bus, MessageBus)
        assert [subscriber.name for subscriber in service.subscribers][-1] == "session-cache"
        assert {file for file in opened_files() - files if not file.startswith("/proc")} == set()
        assert set(threading.enumerate()) <= threads


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.stem)
def test_every_message_has_its_handler(profile: Path) -> None:
    with open_service(load_settings(profile, KEY)) as service:
        handlers = service.container.injector().handlers()
    assert {message.__name__ for message in handlers} == {
        "RegisterUser", "LogIn", "LogOut", "UpdateProfile", "UpdateUser", "DisableUser", "EnableUser",
        "Authenticate", "GetUser", "ListUsers", "GetProfile", "RefreshSession", "ListSessions", "EndSession",
        "EndSessions", "EndAllSessions", "ChangePassword", "SetPassword", "GrantRole", "RevokeRole", "AcquirePermit",
        "AddKey", "RetireKey", "RemoveKey", "ListKeys", "ApplyRetention",
        "ListEvents", "GetEvent", "PreviewReplay", "ReplayEvents", "ListSubscribers", "Unsubscribe",
        "RetryDeadLetters", "GetAccountHash",
        "CompleteRecovery", "RequestRecovery", "RequestVerification", "StartRecovery", "VerifyEmail",
        "EraseUser", "ListErasures", "RepeatErasures", "RewrapAccountKeys",
        "GetArchive", "WriteArchive", "RemoveArchived", "RestoreArchived",
    }  # fmt: skip


def test_an_overridden_clock_is_used_everywhere() -> None:
    clock = AdjustableClock()
    with open_service(MEMORY, clock=clock) as service:
        service.bus.handle(registration())
        with service.store.unit_of_work() as uow:
            juliet = Users(uow).find_by_name("juliet")
    assert juliet is not None
    assert juliet.registered_at == clock.now()


def test_an_unknown_part_cannot_be_overridden() -> None:
    with pytest.raises(AttributeError):
        open_service(MEMORY, klock=AdjustableClock())


def test_two_services_share_nothing() -> None:
    with open_service(MEMORY, clock=AdjustableClock()) as one, open_service(MEMORY) as other:
        one.bus.handle(registration())
        other.bus.handle(registration())
        assert one.container.clock() is not other.container.clock()
        assert one.container.hashing_pool() is not other.container.hashing_pool()


@pytest.mark.parametrize(("setting", "runs"), [("auto", "interleaved"), ("crypt", "crypt"), ("bcrypt", "bcrypt")])
def test_a_metric_and_the_hashes_show_which_engine_runs(setting: Literal["auto", "crypt", "bcrypt"], runs: str) -> None:
    metrics = MemoryMetrics()
    settings = Settings(store="memory://", password=PasswordSettings(cost=4, engine=setting))
    with open_service(settings, metrics=metrics) as service:
        service.bus.handle(registration())
        assert log_in(service.bus).token
    assert metrics.figure(HASH_ENGINE, runs) == 1


def test_relays_use_the_configured_attempts() -> None:
    with open_service(Settings(store="memory://", relay=RelaySettings(attempts=3))) as service:
        assert [relay._policy.attempts for relay in service.relays] == [3]


def test_relays_of_publishers_linger_for_less_with_the_same_retries() -> None:
    settings = Settings(store="memory://", events=["memory://"], relay=RelaySettings(attempts=3, lease=2.5))
    with open_service(settings) as service:
        handling, publishing = (relay._policy for relay in service.relays)
    assert publishing == replace(
        handling, batch=500, linger=timedelta(milliseconds=10), threads=2, hold=timedelta(seconds=2)
    )
    assert handling.linger > publishing.linger


def test_all_relays_use_the_configured_lease_including_webhooks() -> None:
    webhook = WebhookSettings(name="crm", url="https://example.org", secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    settings = Settings(store="memory://", relay=RelaySettings(lease=2.5), webhooks=[webhook])
    with open_service(settings) as service:
        assert [relay._policy.lease for relay in service.relays] == [timedelta(seconds=2.5)] * 2


def test_every_configured_publisher_receives_every_event() -> None:
    urls = ["memory://one", "memory://other"]
    with open_service(Settings(store="memory://", password=CHEAP, events=urls)) as service:
        service.subscribe()
        service.bus.handle(registration())
        service.deliver_all()
        published = [[entry.type for entry in service.publishers[url].published] for url in urls]
    assert published == [["hexaccount.user.registered.v1", "hexaccount.profile.created.v1"]] * 2


def test_relays_deliver_and_end_with_the_service() -> None:
    before = threading.active_count()
    with open_service(Settings(store="memory://", password=CHEAP, events=["memory://"])) as service:
        service.subscribe()
        service.start_relays()
        service.bus.handle(registration())
        publisher = service.publishers["memory://"]
        for _ in range(1000):
            if len(publisher.published) == 2:
                break
            threading.Event().wait(0.01)
    assert [entry.sequence for entry in publisher.published] == [1, 1]
    assert threading.active_count() == before


def test_a_service_can_be_closed_unused_and_twice() -> None:
    service: Service = open_service(MEMORY)
    service.close()
    service.close()


def test_a_closed_service_hashes_no_passwords() -> None:
    with open_service(MEMORY) as service:
        bus = service.bus
    command: RegisterUser = registration()
    with pytest.raises(RuntimeError, match="closed"):
        bus.handle(command)
