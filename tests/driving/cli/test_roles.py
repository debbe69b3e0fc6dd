import json

import pytest

from hexaccount.bootstrap.capabilities import all_permissions
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.list_sessions import READ_SESSIONS
from tests.people import PASSWORD


@pytest.fixture
def with_roles(program):
    """Define the roles "support" and "audit" in the settings."""
    program.settings = Settings(
        store="memory://",
        password=PasswordSettings(cost=4),
        roles={"support": [READ_SESSIONS], "audit": []},
    )


def roles_of(run, reference):
    return json.loads(run("users", "show", reference, "--json").stdout)["data"]["roles"]


def test_a_role_is_granted_and_revoked(run, register):
    register("grace", "--role", "admin")
    register("ada")
    granted = run("users", "grant", "ada@example.org", "admin")
    assert (granted.exit_code, granted.stdout, granted.stderr) == (0, "ada has the role admin.\n", "")
    assert roles_of(run, "ada") == ["user", "admin"]
    revoked = run("users", "revoke", "ADA", "admin")
    assert (revoked.exit_code, revoked.stdout, revoked.stderr) == (0, "ada does not have the role admin.\n", "")
    assert roles_of(run, "ada") == ["user"]


def test_roles_of_the_settings_are_granted_and_listed(with_roles, run, register):
    register("ada")
    for role in ("support", "admin", "audit"):
        assert run("users", "grant", "ada", role).exit_code == 0
    assert roles_of(run, "ada") == ["user", "admin", "audit", "support"]
    assert "user, admin, audit, support" in run("users", "list").stdout


def test_a_role_of_the_settings_is_granted_at_registration(with_roles, run, register):
    register("ada", "--role", "support")
    assert roles_of(run, "ada") == ["user", "support"]


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_grant_and_revoke_are_idempotent(run, register, command):
    register("ada")
    assert [run("users", command, "ada", "admin").exit_code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_an_unknown_role_is_refused_and_the_known_ones_are_listed(with_roles, run, register, command):
    register("ada")
    result = run("users", command, "ada", "admim")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: there is no such role; there are user, admin, audit, support\n"
    assert roles_of(run, "ada") == ["user"]


def test_registration_with_an_unknown_role_creates_no_account(with_roles, run):
    names = ["--user-name", "eve", "--email", "eve@example.org", "--first-name", "E", "--last-name", "L"]
    result = run("users", "register", *names, "--role", "admim", "--password-stdin", stdin=PASSWORD)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: there is no such role; there are user, admin, audit, support\n"
    assert run("users", "show", "eve").exit_code == 1


@pytest.mark.parametrize("command", ["grant", "revoke"])
@pytest.mark.parametrize("role", ["", "Admin", "ad min", "admin\n", "\x1b[2J", "a" * 33])
def test_an_invalid_name_of_a_role_is_misuse(run, register, command, role):
    register("ada")
    result = run("users", command, "ada", role)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "it must be a name of up to 32 small letters" in result.stderr
    assert "\x1b" not in result.stderr


def test_the_role_user_cannot_be_revoked(run, register):
    register("ada")
    result = run("users", "revoke", "ada", "user")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "use `hexaccount users disable` to lock an account; the role user cannot be revoked" in result.stderr
    assert run("users", "grant", "ada", "user").exit_code == 0


@pytest.mark.parametrize("args", [["grant", "nobody", "admin"], ["revoke", "nobody", "admin"]])
def test_an_unknown_account_is_refused(run, args):
    result = run("users", *args)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "error: there is no such user\n")


@pytest.mark.parametrize("command", ["revoke ada admin", "disable ada", "erase ada --yes"])
def test_the_last_admin_stays_and_the_error_says_what_to_do_first(run, register, command):
    register("ada", "--role", "admin")
    result = run("users", *command.split())
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: first run `hexaccount users grant USER admin` for another account, or enable one that has the role; "
        "no other enabled account has the role admin, and one has to be left\n"
    )
    register("grace")
    assert run("users", "grant", "grace", "admin").exit_code == 0
    assert run("users", *command.split()).exit_code == 0


def test_a_change_of_roles_applies_to_the_next_request_of_an_open_session(run, register, program):
    register("grace", "--role", "admin")
    register("ada")
    token = program.service.bus.handle(LogIn(user_name="ada", password=PASSWORD)).token
    permissions = []
    for command in ("grant", "revoke"):
        run("users", command, "ada", "admin")
        permissions.append(program.service.bus.handle(Authenticate(token=token)).permissions)
    assert permissions == [all_permissions(), set()]


@pytest.mark.parametrize("command", ["sessions", "logout", "grant", "revoke", "set-password"])
def test_each_command_has_help_and_requires_a_reference(run, command):
    assert f"Usage: hexaccount users {command} [OPTIONS] REF" in run("users", command, "--help").stdout
    assert f"  {command}  " in run("users", "--help").stdout
    result = run("users", command)
    assert result.exit_code == 2
    assert "'REF'" in result.stderr
