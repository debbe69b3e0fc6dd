import pytest
from pytest_bdd import given, parsers, scenarios, then, when

from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.list_users import ListUsers, UserPage
from hexaccount.accounts.role import Role
from hexaccount.sessions.authenticate import Authenticate
from tests.features.world import World, facts

scenarios("../../features/administration.feature")


@pytest.fixture
def pages() -> list[UserPage]:
    return []


@given(parsers.parse("{number:d} users have registered"))
def _(world: World, number: int) -> None:
    for n in range(number):
        world.register(f"person{n}")


@when(parsers.parse('"{name}" registers as an admin'))
def _(world: World, name: str) -> None:
    world.register(name, role=Role.ADMIN)


@when(parsers.parse("an admin lists the users by pages of {limit:d}"))
def _(world: World, pages: list[UserPage], limit: int) -> None:
    pages.append(world.handle(ListUsers(limit=limit)))
    while pages[-1].next is not None:
        pages.append(world.handle(ListUsers(limit=limit, after=pages[-1].next)))


@when(parsers.parse("an admin lists the first {limit:d} users"))
def _(world: World, pages: list[UserPage], limit: int) -> None:
    pages.append(world.handle(ListUsers(limit=limit)))


@when("an admin lists what follows")
def _(world: World, pages: list[UserPage]) -> None:
    pages.append(world.handle(ListUsers(limit=200, after=pages[-1].next)))


@when(parsers.parse('an admin asks for the user "{reference}"'))
def _(world: World, reference: str) -> None:
    world.attempt(lambda: world.handle(GetUser(reference=reference)))


@when(parsers.parse('an admin asks for the user with the id of "{name}"'))
def _(world: World, name: str) -> None:
    world.attempt(lambda: world.handle(GetUser(reference=str(world.people[name]))))


@then(parsers.re(r"there are (?P<number>\d+) pages, of (?P<sizes>[\d, and]+) users"))
def _(pages: list[UserPage], number: str, sizes: str) -> None:
    assert len(pages) == int(number)
    assert [len(page.users) for page in pages] == [int(size) for size in sizes.replace(" and", ",").split(",")]


@then("every user is listed once, in the order of their registration")
def _(world: World, pages: list[UserPage]) -> None:
    assert [user.id for page in pages for user in page.users] == list(world.people.values())


@then(parsers.parse('the list ends with "{name}" and no user is missing'))
def _(world: World, pages: list[UserPage], name: str) -> None:
    listed = [user for page in pages for user in page.users]
    assert listed[-1].user_name == name
    assert [user.id for user in listed] == list(world.people.values())


@then(parsers.parse('the user "{name}" is shown'))
def _(world: World, name: str) -> None:
    assert (world.answer.id, world.answer.user_name) == (world.people[name], name)


@then(parsers.parse('they are "{name}"'))
def _(world: World, name: str) -> None:
    assert world.handle(Authenticate(token=world.answer.token)).user.id == world.people[name]


@then(parsers.parse('"{name}" is an admin'))
def _(world: World, name: str) -> None:
    assert world.handle(GetUser(reference=name)).roles == ["user", "admin"]


@then(parsers.parse('the history of the user "{name}" is: {history}'))
def _(world: World, name: str, history: str) -> None:
    assert facts(world.journal("user", world.people[name])) == history
