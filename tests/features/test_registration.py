from concurrent.futures import wait

from pytest_bdd import given, parsers, scenarios, then, when

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.views import ProfileView
from hexaccount.idempotency.idempotency_keys import IdempotencyKeyReused, RequestInFlight
from hexaccount.kernel.errors import InvalidInput
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.registration.register_user import RegisterUser
from tests.features.world import PASSWORD, World, registration

scenarios("../../features/registration.feature")

VALID = {
    "user_name": "Juliet",
    "email": "juliet@example.org",
    "first_name": "Juliet",
    "last_name": "Capulet",
    "password": PASSWORD,
}


@when(parsers.parse('"{name}" registers with the avatar identifier "{identifier}"'))
def _(world: World, name: str, identifier: str) -> None:
    world.register(name, avatar=identifier)


@when(parsers.parse('{number:d} people register as "{name}" at the same moment'), target_fixture="futures")
def _(world: World, number: int, name: str):
    futures = [world.service.bus.submit(registration(name, f"person{n}@example.org")) for n in range(number)]
    wait(futures, timeout=30)
    return futures


@when(parsers.re(r'somebody registers with "(?P<value>.*)" as their (?P<field>\w+)'))
def _(world: World, value: str, field: str) -> None:
    world.attempt(lambda: world.handle(RegisterUser.of_text(**{**VALID, field: value})))


def keyed(key: str, **changes: str) -> RegisterUser:
    return RegisterUser.of_text(**{**VALID, **changes}, idempotency_key=key)


@given(parsers.parse('"{name}" has registered with the key "{key}"'))
def _(world: World, name: str, key: str) -> None:
    world.handle(keyed(key, user_name=name))


@when(parsers.parse('"{name}" registers with the key "{key}"'))
def _(world: World, name: str, key: str) -> None:
    email = {"Juliet": VALID["email"]}.get(name, "another@example.org")
    world.attempt(lambda: world.handle(keyed(key, user_name=name, email=email)))


@when(parsers.parse('"{name}" sends her registration with the key "{key}" {number:d} times'), target_fixture="answers")
def _(world: World, name: str, key: str, number: int):
    return [world.handle(keyed(key, user_name=name)) for _ in range(number)]


@when(
    parsers.parse('the same registration is sent {number:d} times with the key "{key}" at the same moment'),
    target_fixture="answers",
)
def _(world: World, number: int, key: str):
    futures = [world.service.bus.submit(keyed(key)) for _ in range(number)]
    wait(futures, timeout=30)
    return [future.exception() or future.result() for future in futures]


@when(parsers.parse('somebody uses the key "{key}" to register with "{value}" as {field}'))
def _(world: World, key: str, value: str, field: str) -> None:
    world.attempt(lambda: world.handle(keyed(key, **{field: value})))


@then("each of them is answered with the same account")
def _(world: World, answers) -> None:
    user = world.handle(GetUser(reference=VALID["user_name"]))
    assert set(answers) == {user.id}


@then("each of them is answered with the same account, or told to try again")
def _(world: World, answers) -> None:
    user = world.handle(GetUser(reference=VALID["user_name"]))
    # Who comes again shows the password again, which counts as a guess until it is found right.
    to_try_again = (RequestInFlight, TooManyAttempts)
    assert {answer for answer in answers if not isinstance(answer, to_try_again)} == {user.id}


@then("this is refused, because the key belongs to another registration")
def _(world: World) -> None:
    assert isinstance(world.take_refusal(), IdempotencyKeyReused)


@when("somebody registers with")
def _(world: World, datatable: list[list[str]]) -> None:
    names, values = datatable
    given = dict(zip(names, values, strict=True))
    world.attempt(lambda: world.handle(RegisterUser.of_text(**given)))


@then(parsers.parse("this is refused, because of {names} and {last}"))
def _(world: World, names: str, last: str) -> None:
    refusal = world.take_refusal()
    assert isinstance(refusal, InvalidInput)
    assert list(refusal.errors) == [*names.split(", "), last]


@then(parsers.parse('there is a user named "{name}" with the address "{email}"'), target_fixture="user")
def _(world: World, name: str, email: str):
    user = world.handle(GetUser(reference=str(world.people[name])))
    assert (user.user_name, user.email) == (name, email)
    return user


@then("this user is an ordinary user and not disabled")
def _(user) -> None:
    assert (user.roles, user.disabled) == (["user"], False)


@then(parsers.parse('the picture of "{name}" is drawn from "{identifier}"'))
def _(world: World, name: str, identifier: str) -> None:
    assert world.handle(GetUser(reference=name)).avatar_identifier == identifier


@then(parsers.parse("{number:d} of them has the account"))
def _(futures, number: int) -> None:
    assert len([future for future in futures if future.exception() is None]) == number


@then(parsers.parse("the {number:d} others are told that the user name is taken"))
def _(futures, number: int) -> None:
    assert len([future for future in futures if isinstance(future.exception(), UserNameTaken)]) == number


@then(parsers.parse('the profile of "{name}" has not begun'))
def _(world: World, name: str) -> None:
    assert world.handle(GetProfile(user_id=world.people[name])) == ProfileView()


@then(parsers.parse('the profile of "{name}" has begun and is empty'))
def _(world: World, name: str) -> None:
    profile = world.handle(GetProfile(user_id=world.people[name]))
    assert profile == ProfileView(updated_at=world.clock.now(), version=1)
