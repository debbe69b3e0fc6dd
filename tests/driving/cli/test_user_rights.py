import json

import pytest

from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.roles.permission import Permission
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from tests.driving.cli.conftest import PASSWORD

NEW = "fresh as the morning dew"


@pytest.fixture
def with_roles(program):
    """Let the settings have roles of their own."""
    program.settings = Settings(
        store="memory://",
        password=PasswordSettings(cost=4),
        roles={"support": [Permission.READ_SESSIONS], "audit": []},
    )


def roles_of(run, reference):
    return json.loads(run("users", "show", reference, "--json").stdout)["data"]["roles"]


def can_log_in(program, password):
    try:
        program.service.bus.handle(LogIn(user_name="ada", password=password))
    except WrongCredentials:
        return False
    return True


def test_a_role_is_granted_and_revoked(run, register):
    register("ada")
    granted = run("users", "grant", "ada@example.org", "admin")
    assert (granted.exit_code, granted.stdout, granted.stderr) == (0, "ada has the role admin.\n", "")
    assert roles_of(run, "ada") == ["user", "admin"]
    revoked = run("users", "revoke", "ADA", "admin")
    assert (revoked.exit_code, revoked.stdout, revoked.stderr) == (0, "ada does not have the role admin.\n", "")
    assert roles_of(run, "ada") == ["user"]


def test_a_role_of_the_settings_is_granted_and_listed(with_roles, run, register):
    register("ada")
    for role in ("support", "admin", "audit"):
        assert run("users", "grant", "ada", role).exit_code == 0
    assert roles_of(run, "ada") == ["user", "admin", "audit", "support"]
    assert "user, admin, audit, support" in run("users", "list").stdout


def test_a_role_of_the_settings_is_given_at_registration(with_roles, run, register):
    register("ada", "--role", "support")
    assert roles_of(run, "ada") == ["user", "support"]


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_granting_and_revoking_may_be_repeated(run, register, command):
    register("ada")
    assert [run("users", command, "ada", "admin").exit_code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_an_unknown_role_is_refused_with_those_there_are(with_roles, run, register, command):
    register("ada")
    result = run("users", command, "ada", "admim")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: there is no such role; there are user, admin, audit, support\n"
    assert roles_of(run, "ada") == ["user"]


def test_registering_with_an_unknown_role_is_refused_and_registers_nobody(with_roles, run):
    names = ["--user-name", "eve", "--email", "eve@example.org", "--first-name", "E", "--last-name", "L"]
    result = run("users", "register", *names, "--role", "admim", "--password-stdin", stdin=PASSWORD)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: there is no such role; there are user, admin, audit, support\n"
    assert run("users", "show", "eve").exit_code == 1


@pytest.mark.parametrize("command", ["grant", "revoke"])
@pytest.mark.parametrize("role", ["", "Admin", "ad min", "admin\n", "\x1b[2J", "a" * 33])
def test_what_can_be_no_role_is_misuse_and_tells_what_could(run, register, command, role):
    register("ada")
    result = run("users", command, "ada", role)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "it must be a name of up to 32 small letters" in result.stderr
    assert "\x1b" not in result.stderr


def test_the_role_that_everybody_has_cannot_be_taken_away(run, register):
    register("ada")
    result = run("users", "revoke", "ada", "user")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the role user cannot be taken away; to lock an account: hexaccount users disable" in result.stderr
    assert run("users", "grant", "ada", "user").exit_code == 0


@pytest.mark.parametrize("args", [["grant", "nobody", "admin"], ["revoke", "nobody", "admin"]])
def test_an_unknown_account_is_refused(run, args):
    result = run("users", *args)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "error: there is no such user\n")


def test_a_granted_role_holds_at_the_next_request_of_a_session_that_is_open(run, register, program):
    register("ada")
    token = program.service.bus.handle(LogIn(user_name="ada", password=PASSWORD)).token
    held = []
    for command in ("grant", "revoke"):
        run("users", command, "ada", "admin")
        held.append(program.service.bus.handle(Authenticate(token=token)).permissions)
    assert held == [set(Permission), set()]


def test_a_password_is_set_from_standard_input_and_ends_every_session(run, register, program):
    register("ada")
    access = program.service.bus.handle(LogIn(user_name="ada", password=PASSWORD))
    result = run("users", "set-password", "ada", "--password-stdin", stdin=NEW + "\n")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "ada has a new password, and is logged out everywhere.\n"
    assert (can_log_in(program, NEW), can_log_in(program, PASSWORD)) == (True, False)
    with pytest.raises(NotAuthenticated):
        program.service.bus.handle(Authenticate(token=access.token))


def test_without_a_terminal_the_remedy_is_named_and_nothing_is_changed(run, register, program):
    register("ada")
    result = run("users", "set-password", "ada")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no terminal to ask for a password; pipe it in with --password-stdin" in result.stderr
    assert can_log_in(program, PASSWORD)


@pytest.mark.parametrize(
    ("stdin", "reason"), [("hunter2\n", "too short"), ("x" * 129, "too long"), ("a\tb" * 5, "contr")]
)
def test_a_password_against_the_rules_is_refused_without_being_shown(run, register, program, stdin, reason):
    register("ada")
    result = run("users", "set-password", "ada", "--password-stdin", stdin=stdin)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: the password ")
    assert reason in result.stderr
    assert stdin.strip() not in result.output
    assert can_log_in(program, PASSWORD)


@pytest.mark.parametrize(
    "surplus",
    [
        [NEW],
        [NEW, "--password-stdin"],
        ["--password", NEW],
        [f"--password={NEW}"],
        [f"--password-stdin={NEW}"],
        ["--", NEW],
    ],
)
def test_a_password_on_the_command_line_is_refused_and_not_repeated(run, register, program, surplus):
    register("ada")
    result = run("users", "set-password", "ada", *surplus, stdin=NEW)
    assert result.exit_code == 2
    assert "--password-stdin" in result.output
    assert "longer" not in result.output
    assert can_log_in(program, PASSWORD)


def test_a_password_for_an_unknown_account_is_refused_before_it_is_asked_for(run):
    result = run("users", "set-password", "nobody")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "error: there is no such user\n")


@pytest.mark.parametrize("command", ["sessions", "logout", "grant", "revoke", "set-password"])
def test_each_command_tells_what_it_does_and_is_misused_without_a_reference(run, command):
    assert f"Usage: hexaccount users {command} [OPTIONS] REF" in run("users", command, "--help").stdout
    assert f"  {command}  " in run("users", "--help").stdout
    result = run("users", command)
    assert result.exit_code == 2
    assert "'REF'" in result.stderr
