import pytest

from hexaccount.accounts.role import Role
from hexaccount.kernel.errors import InvalidValue
from hexaccount.roles.errors import UnknownRole
from hexaccount.roles.permission import Permission


@pytest.mark.parametrize("name", ["a", "user", "help-desk", "level_2", "a" * 32])
def test_a_role_has_a_plain_name(name: str) -> None:
    assert Role(name).name == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "Admin", "2nd", "-a", "_a", "a b", " a", "a ", "a\n", "a.b", "a,b", "é", "\u0430dmin", "a" * 33, "a\0"],
)
def test_what_could_be_taken_for_another_name_is_none(name: str) -> None:
    with pytest.raises(InvalidValue, match="up to 32 small letters"):
        Role(name)


def test_two_roles_of_one_name_are_one() -> None:
    assert {Role("admin"), Role("user")} == {Role.ADMIN, Role.USER}
    assert sorted([Role.USER, Role.ADMIN]) == [Role.ADMIN, Role.USER]


def test_a_permission_is_what_it_is_called_in_the_settings() -> None:
    assert {permission.value for permission in Permission} == {"users.read", "sessions.read", "sessions.end"}


def test_an_unknown_role_is_refused_with_those_there_are() -> None:
    assert str(UnknownRole(["user", "admin"])) == "there is no such role; there are user, admin"
