from pytest_bdd import given, parsers, when

from hexaccount.accounts.role import Role
from hexaccount.registration.register_user import RegisterUser
from tests.features.context import VALID, BddContext


@given(parsers.parse('"{name}" has registered'))
def _(bdd_context: BddContext, name: str) -> None:
    bdd_context.register(name)


@given(parsers.parse('"{name}" has registered with the address "{email}"'))
def _(bdd_context: BddContext, name: str, email: str) -> None:
    bdd_context.register(name, email)


@given(parsers.parse("{number:d} users have registered"))
def _(bdd_context: BddContext, number: int) -> None:
    for n in range(number):
        bdd_context.register(f"user{n}")


@when(parsers.parse('"{name}" registers'))
def _(bdd_context: BddContext, name: str) -> None:
    bdd_context.attempt(lambda: bdd_context.register(name))


@when(parsers.parse('"{name}" registers with the address "{email}"'))
def _(bdd_context: BddContext, name: str, email: str) -> None:
    bdd_context.attempt(lambda: bdd_context.register(name, email))


@when(parsers.parse('"{name}" registers with the avatar identifier "{identifier}"'))
def _(bdd_context: BddContext, name: str, identifier: str) -> None:
    bdd_context.register(name, avatar_identifier=identifier)


@when(parsers.parse('"{name}" registers as an admin'))
def _(bdd_context: BddContext, name: str) -> None:
    bdd_context.register(name, role=Role.ADMIN)


@when(parsers.re(r'a user registers with "(?P<value>.*)" as their (?P<field>\w+)'))
def _(bdd_context: BddContext, value: str, field: str) -> None:
    bdd_context.attempt(lambda: bdd_context.handle(RegisterUser.of_text(**{**VALID, field: value})))


@when("a user registers with")
def _(bdd_context: BddContext, datatable: list[list[str]]) -> None:
    fields = dict(zip(*datatable, strict=True))
    bdd_context.attempt(lambda: bdd_context.handle(RegisterUser.of_text(**fields)))
