import pytest

from hexaccount.accounts.role import Role
from hexaccount.bootstrap.capabilities import all_permissions
from hexaccount.kernel.errors import InvalidValue
from hexaccount.roles.errors import UnknownRole


@pytest.mark.parametrize("name", ["a", "user", "help-desk", "level_2", "a" * 32])
def test_a_valid_role_name_is_accepted(name: str) -> None:
    assert Role(name).name == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "Admin", "2nd", "-a", "_a", "a b", " a", "a ", "a\n", "a.b", "a,b", "é", "\u0430dmin", "a" * 33, "a\0"],
)
def test_an_invalid_role_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="up to 32 small letters"):
        Role(name)


def test_two_roles_of_one_name_are_equal() -> None:
    assert {Role("admin"), Role("user")} == {Role.ADMIN, Role.USER}
    assert sorted([Role.USER, Role.ADMIN]) == [Role.ADMIN, Role.USER]


def test_permissions_have_the_names_of_the_settings() -> None:
    assert all_permissions() == {"users.read", "sessions.read", "sessions.end"}


def test_the_error_for_an_unknown_role_lists_the_known_ones() -> None:
    assert str(UnknownRole(["user", "admin"])) == "there is no such role; there are user, admin"
