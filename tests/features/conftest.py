import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_bdd import given, parsers, then, when

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.errors import EmailTaken, UserNameTaken, UserNotFound
from hexaccount.accounts.list_users import ListUsers
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, RelaySettings, Settings
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.events.async_api import async_api
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.kernel.errors import InvalidInput
from hexaccount.passwords.errors import WrongCredentials, WrongPassword
from hexaccount.roles.errors import UnknownRole
from hexaccount.roles.permission import Permission
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated, SessionNotFound
from hexaccount.sessions.log_out import LogOut
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_sql.migration import migrate
from hexaccount_system import Uuid7Identifiers
from tests.contracts.mongo_stores import empty_collections, open_mongo_store
from tests.contracts.sql_stores import empty_database
from tests.event_check import EventCheck
from tests.features.world import World, WorldOutside
from tests.servers.mongo import temporary_mongo_database
from tests.servers.postgres import temporary_database

REASONS = {
    "the user name is taken": UserNameTaken,
    "the e-mail address is taken": EmailTaken,
    "the user name or the password is wrong": WrongCredentials,
    "there is no such user": UserNotFound,
    "there is no such session": SessionNotFound,
    "there is no such role": UnknownRole,
    "the refresh token is not valid": InvalidRefreshToken,
    "the current password is wrong": WrongPassword,
    "they are not logged in": NotAuthenticated,
}


EVENTS = EventCheck(async_api())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("store_kind", metafunc.config.getoption("--store") or ["memory"], indirect=True)


@pytest.fixture(autouse=True)
def store_kind(request: pytest.FixtureRequest) -> str:
    """Give one of the stores that `--store` names: to every scenario, as pytest does not see for what its steps ask."""
    return str(request.param)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    """Give the URL of a migrated database."""
    with temporary_database(postgres_server) as url:
        migrate(url)
        yield url


@pytest.fixture(scope="session")
def migrated_mongo(mongo_server: str) -> Iterator[str]:
    """Give the URL of a migrated database."""
    with temporary_mongo_database(mongo_server) as url:
        store = open_mongo_store(url, EventRecorder(Uuid7Identifiers(), "urn:hexaccount:features"))
        store.migrate()
        store.close()
        yield url


@pytest.fixture
def store_url(store_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the `store` setting of a migrated store that is empty."""
    match store_kind:
        case "sqlite":
            file = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "hexaccount.db")
            return f"sqlite:///{file}"
        case "postgresql":
            url: str = request.getfixturevalue("migrated_postgres")
            empty_database(url)
        case "mongodb":
            url = request.getfixturevalue("migrated_mongo")
            empty_collections(url)
        case _:
            url = "memory://"
    return url


@pytest.fixture
def cache_url(store_kind: str, request: pytest.FixtureRequest) -> str | None:
    """Give the `cache` setting."""
    return request.getfixturevalue("redis_url") if store_kind.endswith("+redis") else None


@pytest.fixture
def world(store_url: str, cache_url: str | None) -> Iterator[World]:
    settings = Settings(
        store=store_url,
        cache=cache_url,
        jwt=JwtSettings(key="the key of the features, which is long enough"),
        password=PasswordSettings(cost=4),
        relay=RelaySettings(attempts=3),
        roles={"helper": [Permission.READ_SESSIONS]},
    )
    clock, outside = AdjustableClock(), WorldOutside()
    publishers = [PublishingSubscriber("memory://outside", outside)]
    with open_service(settings, clock=clock, publishers=publishers) as service:
        service.subscribe()
        world = World(service, clock, outside)
        yield world
    assert world.refusal is None, f"no step has told of this refusal: {world.refusal}"
    assert EVENTS.faults_of(outside.published) == []


@given(parsers.parse('"{name}" has registered'))
def _(world: World, name: str) -> None:
    world.register(name)


@given(parsers.parse('"{name}" has registered with the address "{email}"'))
def _(world: World, name: str, email: str) -> None:
    world.register(name, email)


@when(parsers.parse('"{name}" registers'))
def _(world: World, name: str) -> None:
    world.attempt(lambda: world.register(name))


@when(parsers.parse('"{name}" registers with the address "{email}"'))
def _(world: World, name: str, email: str) -> None:
    world.attempt(lambda: world.register(name, email))


@when(parsers.parse('somebody logs in as "{name}" with {which} password'))
def _(world: World, name: str, which: str) -> None:
    known = {"the right": {}, "a wrong": {"password": "not this one"}}
    world.attempt(lambda: world.log_in(name, **known[which]))


@given(parsers.parse('"{name}" has logged in on the {device}'))
@when(parsers.parse('"{name}" logs in on the {device}'))
def _(world: World, name: str, device: str) -> None:
    world.devices[device] = world.log_in(name, device=device)


@when(parsers.parse("the {device} refreshes"))
def _(world: World, device: str) -> None:
    world.attempt(lambda: world.refresh(device))


@when(parsers.parse("the {device} logs out"))
def _(world: World, device: str) -> None:
    world.handle(LogOut(session_id=world.devices[device].session_id))


@given(parsers.parse('the user "{name}" has been disabled'))
@when(parsers.parse('an admin disables "{name}"'))
def _(world: World, name: str) -> None:
    world.handle(DisableUser(user_id=world.people[name]))


@when(parsers.parse('an admin enables "{name}"'))
def _(world: World, name: str) -> None:
    world.handle(EnableUser(user_id=world.people[name]))


@given("the events have been delivered")
@when("the events are delivered")
def _(world: World) -> None:
    world.deliver()


@when(parsers.re(r"(?P<number>\d+) (?P<unit>second|minute|hour|day)s? go(es)? by"))
def _(world: World, number: str, unit: str) -> None:
    world.clock.advance(**{f"{unit}s": int(number)})


@then(parsers.parse("the {device} is logged in"))
def _(world: World, device: str) -> None:
    assert world.is_logged_in(device)


@then(parsers.parse("the {device} is logged out"))
def _(world: World, device: str) -> None:
    assert not world.is_logged_in(device)


@then(parsers.parse("the {one} and the {other} are logged {state}"))
def _(world: World, one: str, other: str, state: str) -> None:
    expected = {"in": True, "out": False}[state]
    assert [world.is_logged_in(device) for device in (one, other)] == [expected, expected]


@then(parsers.re(f"this is refused, because (?P<reason>{'|'.join(REASONS)})$"))
def _(world: World, reason: str) -> None:
    assert type(world.take_refusal()) is REASONS[reason]


@then(parsers.re(r"this is refused, because (?P<field>[a-z]+_?[a-z]+) (?P<reason>(must|is|contains) .+)"))
def _(world: World, field: str, reason: str) -> None:
    refusal = world.take_refusal()
    assert isinstance(refusal, InvalidInput)
    assert list(refusal.errors) == [field]
    assert reason in refusal.errors[field]


@then(parsers.re(r"there (is|are) (?P<number>\d+) users?"))
def _(world: World, number: str) -> None:
    assert len(world.handle(ListUsers(limit=200)).users) == int(number)
