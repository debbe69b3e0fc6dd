from pytest_bdd import given, parsers, then, when

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.list_users import ListUsers, UserPage
from tests.features.context import BddContext


@given(parsers.parse('"{name}" has been disabled'))
@when(parsers.parse('an admin disables "{name}"'))
def _(bdd_context: BddContext, name: str) -> None:
    bdd_context.handle(DisableUser(user_id=bdd_context.user_ids[name]))


@when(parsers.parse('an admin enables "{name}"'))
def _(bdd_context: BddContext, name: str) -> None:
    bdd_context.handle(EnableUser(user_id=bdd_context.user_ids[name]))


@when(parsers.parse('an admin gets the user "{reference}"'))
def _(bdd_context: BddContext, reference: str) -> None:
    bdd_context.attempt(lambda: bdd_context.handle(GetUser(reference=reference)))


@when(parsers.parse('an admin gets the user by the id of "{name}"'))
def _(bdd_context: BddContext, name: str) -> None:
    bdd_context.attempt(lambda: bdd_context.handle(GetUser(reference=str(bdd_context.user_ids[name]))))


@then(parsers.parse('the result is the user "{name}"'))
def _(bdd_context: BddContext, name: str) -> None:
    assert (bdd_context.result.id, bdd_context.result.user_name) == (bdd_context.user_ids[name], name)


@when(parsers.parse("an admin lists the users in pages of {limit:d}"), target_fixture="pages")
def _(bdd_context: BddContext, limit: int) -> list[UserPage]:
    pages = [bdd_context.handle(ListUsers(limit=limit))]
    while pages[-1].next is not None:
        pages.append(bdd_context.handle(ListUsers(limit=limit, after=pages[-1].next)))
    return pages


@when(parsers.parse("an admin lists the first {limit:d} users"), target_fixture="pages")
def _(bdd_context: BddContext, limit: int) -> list[UserPage]:
    return [bdd_context.handle(ListUsers(limit=limit))]


@when("an admin lists the remaining users")
def _(bdd_context: BddContext, pages: list[UserPage]) -> None:
    pages.append(bdd_context.handle(ListUsers(limit=200, after=pages[-1].next)))


@then(parsers.re(r"there are (?P<number>\d+) pages, of (?P<sizes>[\d, and]+) users"))
def _(pages: list[UserPage], number: str, sizes: str) -> None:
    assert len(pages) == int(number)
    assert [len(page.users) for page in pages] == [int(size) for size in sizes.replace(" and", ",").split(",")]


@then("every user is listed once, in the order of registration")
def _(bdd_context: BddContext, pages: list[UserPage]) -> None:
    assert [user.id for page in pages for user in page.users] == list(bdd_context.user_ids.values())


@then(parsers.parse('the list ends with "{name}" and no user is missing'))
def _(bdd_context: BddContext, pages: list[UserPage], name: str) -> None:
    users = [user for page in pages for user in page.users]
    assert users[-1].user_name == name
    assert [user.id for user in users] == list(bdd_context.user_ids.values())


@then(parsers.re(r"there (is|are) (?P<number>\d+) users?"))
def _(bdd_context: BddContext, number: str) -> None:
    assert len(bdd_context.handle(ListUsers(limit=200)).users) == int(number)


@then(parsers.parse('there is a user named "{name}" with the address "{email}"'), target_fixture="user")
def _(bdd_context: BddContext, name: str, email: str):
    user = bdd_context.handle(GetUser(reference=str(bdd_context.user_ids[name])))
    assert (user.user_name, user.email) == (name, email)
    return user


@then("this user is enabled and has only the role user")
def _(user) -> None:
    assert (user.roles, user.disabled) == (["user"], False)


@then(parsers.parse('the avatar identifier of "{name}" is "{identifier}"'))
def _(bdd_context: BddContext, name: str, identifier: str) -> None:
    assert bdd_context.handle(GetUser(reference=name)).avatar_identifier == identifier
