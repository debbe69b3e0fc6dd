import json
from collections.abc import Callable
from uuid import UUID

import pytest
from click.testing import Result

from hexaccount.registration.register_user import RegisterUser
from tests.people import PASSWORD

ADA = {"user-name": "ada", "email": "ada@example.org", "first-name": "Ada", "last-name": "Lovelace"}


def options(**changes: str) -> list[str]:
    fields = ADA | {name.replace("_", "-"): value for name, value in changes.items()}
    return [part for name, value in fields.items() for part in (f"--{name}", value)]


@pytest.fixture
def register(run: Callable[..., Result]) -> Callable[..., Result]:
    def register(*args: str, stdin: str | bytes = PASSWORD + "\n", **changes: str) -> Result:
        return run("users", "register", *options(**changes), *args, stdin=stdin)

    return register


def test_prints_only_the_new_id(register):
    result = register("--password-stdin")
    assert result.exit_code == 0
    assert result.stdout == f"{UUID(result.stdout.strip())}\n"
    assert result.stderr == ""


def test_json_has_the_shape_of_the_http_api(register):
    result = register("--password-stdin", "--json")
    document = json.loads(result.stdout)
    assert document == {"data": {"id": str(UUID(document["data"]["id"]))}}


def test_registers_an_admin_with_an_avatar_identifier(register, run):
    register("--password-stdin", "--role", "admin", "--avatar-identifier", "otter-7")
    user = json.loads(run("users", "show", "ada", "--json").stdout)["data"]
    assert (user["roles"], user["avatar_identifier"]) == (["user", "admin"], "otter-7")


@pytest.mark.parametrize(
    ("stdin", "password"),
    [
        (PASSWORD, PASSWORD),
        (PASSWORD + "\n", PASSWORD),
        (PASSWORD + "\r\n", PASSWORD),
        (PASSWORD + "\nsecond line\n", PASSWORD),
        ("  " + PASSWORD + "  \n", "  " + PASSWORD + "  "),
        ("pässwörter\n", "pässwörter"),
    ],
)
def test_the_password_is_the_first_line_without_its_newline(register, can_log_in, stdin, password):
    assert register("--password-stdin", stdin=stdin.encode()).exit_code == 0
    assert can_log_in(password)
    assert not can_log_in(password + " ")


@pytest.mark.parametrize("stdin", ["", "\n", "\r\n", "\nsecond line\n"])
def test_an_empty_password_is_misuse(register, stdin):
    result = register("--password-stdin", stdin=stdin)
    assert result.exit_code == 2
    assert "the password is empty" in result.stderr


def test_a_password_that_is_not_utf_8_is_refused(register):
    result = register("--password-stdin", stdin=b"\xff\xfe\xfd password\n")
    assert (result.exit_code, result.stderr) == (1, "error: the password is not valid UTF-8\n")


@pytest.mark.parametrize(("stdin", "reason"), [("hunter2\n", "too short"), ("x" * 100_000, "too long")])
def test_a_password_against_the_rules_is_refused_and_not_printed(register, stdin, reason):
    result = register("--password-stdin", stdin=stdin)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: the password is {reason}")
    assert stdin.strip() not in result.output


@pytest.mark.parametrize("role", ["user", "admin"])
@pytest.mark.parametrize(
    ("password", "reason"),
    [("Password1", "is one of the most common passwords"), ("ada.lovelace", "is made of the account's own names")],
)
def test_a_guessable_password_is_refused_with_the_reason(register, password, reason, role):
    result = register("--password-stdin", "--role", role, stdin=password + "\n")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: the password {reason}")
    assert password not in result.output


def test_without_a_terminal_the_error_names_the_option(register):
    result = register()
    assert result.exit_code == 2
    assert "no terminal" in result.stderr
    assert "--password-stdin" in result.stderr


def test_no_option_takes_a_password(run):
    help_text = run("users", "register", "--help").stdout
    assert "--password-stdin  " in help_text
    assert "--password " not in help_text


@pytest.mark.parametrize("surplus", [["--password-stdin", PASSWORD], ["--password", PASSWORD], [PASSWORD]])
def test_a_password_on_the_command_line_is_refused_and_not_printed(register, surplus):
    result = register(*surplus)
    assert result.exit_code == 2
    assert "--password-stdin" in result.output
    assert "horse" not in result.output


def test_the_repr_of_the_command_hides_the_password():
    fields = {name.replace("-", "_"): value for name, value in ADA.items()}
    assert "horse" not in repr(RegisterUser.of_text(password=PASSWORD, **fields))


def test_each_invalid_value_is_reported_by_its_option(register):
    result = register("--password-stdin", "--avatar-identifier", "ä", user_name="a b", email="nowhere", first_name=" ")
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["error:", "--user-name"],
        ["error:", "--email"],
        ["error:", "--first-name"],
        ["error:", "--avatar-identifier"],
    ]


def test_a_taken_name_is_refused(register):
    register("--password-stdin")
    result = register("--password-stdin", user_name="ADA", email="other@example.org")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: this user name is taken; choose another\n"


def test_a_taken_address_is_refused(register):
    register("--password-stdin")
    result = register("--password-stdin", user_name="other", email="Ada@Example.org")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: this e-mail address belongs to an account already")


def test_bytes_that_are_not_text_are_refused(register):
    result = register("--password-stdin", user_name="ada\udcff", first_name="\udcff")
    assert result.exit_code == 1
    assert "--user-name contains the character U+DCFF" in result.stderr
