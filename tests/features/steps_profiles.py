import re
from datetime import timedelta

from pytest_bdd import given, parsers, then, when

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.views import ProfileView
from tests.features.context import BddContext


def profile_of(bdd_context: BddContext, name: str) -> ProfileView:
    return bdd_context.handle(GetProfile(user_id=bdd_context.user_ids[name]))


def change_profile(bdd_context: BddContext, name: str, field: str, text: str | None) -> None:
    bdd_context.handle(UpdateProfile.of_text(bdd_context.user_ids[name], {field: text}))


def text_of(words: str) -> str:
    if letters := re.fullmatch(r"a text of (\d+) letters", words):
        return "x" * int(letters[1])
    return "a\0b" if words == "a text with a NUL" else words.removeprefix('"').removesuffix('"')


@given(parsers.parse('"{name}" has changed their {field:w} to {words}'))
@when(parsers.parse('"{name}" changes their {field:w} to {words}'))
def _(bdd_context: BddContext, name: str, field: str, words: str) -> None:
    bdd_context.attempt(lambda: change_profile(bdd_context, name, field, text_of(words)))


@when(parsers.parse('"{name}" removes their {field:w}'))
def _(bdd_context: BddContext, name: str, field: str) -> None:
    bdd_context.attempt(lambda: change_profile(bdd_context, name, field, None))


@then(parsers.parse('the profile of "{name}" is'))
def _(bdd_context: BddContext, name: str, datatable: list[list[str]]) -> None:
    fields, values = datatable
    profile = profile_of(bdd_context, name)
    assert [getattr(profile, field) for field in fields] == [value or None for value in values]


@then(parsers.re(r'the (?P<field>bio|phone|address) of "(?P<name>\w+)" is "(?P<text>.*)"'))
def _(bdd_context: BddContext, field: str, name: str, text: str) -> None:
    assert getattr(profile_of(bdd_context, name), field) == text


@then(parsers.parse('the profile of "{name}" was last changed {minutes:d} minutes ago'))
def _(bdd_context: BddContext, name: str, minutes: int) -> None:
    assert profile_of(bdd_context, name).updated_at == bdd_context.clock.now() - timedelta(minutes=minutes)


@then(parsers.parse('"{name}" has no stored profile'))
def _(bdd_context: BddContext, name: str) -> None:
    assert profile_of(bdd_context, name) == ProfileView()


@then(parsers.parse('"{name}" has a stored profile, which is empty'))
def _(bdd_context: BddContext, name: str) -> None:
    assert profile_of(bdd_context, name) == ProfileView(updated_at=bdd_context.clock.now(), version=1)
