import re
from datetime import timedelta

from pytest_bdd import given, parsers, scenarios, then, when

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.views import ProfileView
from tests.features.world import World

scenarios("../../features/profile.feature")


def profile_of(world: World, name: str) -> ProfileView:
    return world.handle(GetProfile(user_id=world.people[name]))


def change(world: World, name: str, field: str, text: str | None) -> None:
    world.attempt(lambda: world.handle(UpdateProfile.of_text(world.people[name], {field: text})))


def text_of(words: str) -> str:
    if letters := re.fullmatch(r"a text of (\d+) letters", words):
        return "x" * int(letters[1])
    return "a\0b" if words == "a text with a NUL" else words.removeprefix('"').removesuffix('"')


@given(parsers.parse('"{name}" has changed their {field} to {words}'))
@when(parsers.parse('"{name}" changes their {field} to {words}'))
def _(world: World, name: str, field: str, words: str) -> None:
    change(world, name, field, text_of(words))


@when(parsers.parse('"{name}" removes their {field}'))
def _(world: World, name: str, field: str) -> None:
    change(world, name, field, None)


@then(parsers.parse('the profile of "{name}" is'))
def _(world: World, name: str, datatable: list[list[str]]) -> None:
    names, values = datatable
    profile = profile_of(world, name)
    assert [getattr(profile, field) for field in names] == [value or None for value in values]


@then(parsers.parse('the {field} of "{name}" is still "{text}"'))
def _(world: World, field: str, name: str, text: str) -> None:
    assert getattr(profile_of(world, name), field) == text


@then(parsers.parse('the profile of "{name}" was last changed {minutes:d} minutes ago'))
def _(world: World, name: str, minutes: int) -> None:
    assert profile_of(world, name).updated_at == world.clock.now() - timedelta(minutes=minutes)
