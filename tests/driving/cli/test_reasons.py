"""What the events of a command say about who gave it, and why."""

import json
import os
from pwd import getpwuid

import pytest

from tests.people import PASSWORD, registration_options

ADMIN = f"admin:{getpwuid(os.getuid()).pw_name}@{os.uname().nodename}"


def causes(run, user):
    events = json.loads(run("events", "list", user, "--json").stdout)["data"]
    return [(event["type"].split(".")[2], event["actor"], event.get("reason")) for event in events]


def test_an_event_has_the_admin_and_the_reason_of_its_command(run):
    stdin = PASSWORD + "\n"
    assert run(*registration_options("grace"), "--role", "admin", stdin=stdin).exit_code == 0
    assert run(*registration_options("ada"), "--reason", "the first", stdin=stdin).exit_code == 0
    for command, *arguments in (
        ("disable",),
        ("enable",),
        ("grant", "admin"),
        ("revoke", "admin"),
        ("logout",),
    ):
        result = run("users", command, "ada", *arguments, "--reason", f" to {command} ")
        assert result.exit_code == 0, result.output
    assert run("users", "logout-all", "--reason", "a restore").exit_code == 0
    assert run("users", "set-password", "ada", "--password-stdin", "--reason", "lost", stdin=stdin).exit_code == 0

    assert causes(run, "ada") == [
        ("registered", ADMIN, "the first"),
        ("disabled", ADMIN, "to disable"),
        ("enabled", ADMIN, "to enable"),
        ("role_granted", ADMIN, "to grant"),
        ("role_revoked", ADMIN, "to revoke"),
        ("sessions_ended", ADMIN, "to logout"),
        ("sessions_ended", ADMIN, "a restore"),
        ("password_changed", ADMIN, "lost"),
    ]


def test_without_a_reason_the_event_has_none(run, ada):
    run("users", "disable", ada)

    assert causes(run, ada)[-1] == ("disabled", ADMIN, None)


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [("x" * 201, "at most 200 characters"), ("a\nb", "U+000A, which is not allowed here")],
)
def test_a_reason_is_one_line_of_text(run, ada, reason, remedy):
    result = run("users", "disable", ada, "--reason", reason)

    assert result.exit_code == 2
    assert "--reason" in result.stderr
    assert remedy in " ".join(result.stderr.split())
    assert causes(run, ada)[-1][0] == "enabled"
