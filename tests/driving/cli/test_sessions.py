import json
import shlex
from uuid import uuid4

import pytest

from hexaccount.kernel.pages import LONGEST_PAGE
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.refresh_session import RefreshSession
from tests import people
from tests.people import PASSWORD


@pytest.fixture
def log_in(program):
    def log_in(user_name: str = "ada", agent: str = "curl/8", address: str = "192.0.2.7") -> IssuedTokens:
        return people.log_in(program.service.bus, user_name, client_address=address, user_agent=agent)

    return log_in


@pytest.fixture
def is_active(program):
    def is_active(access: IssuedTokens) -> bool:
        try:
            return bool(program.service.bus.handle(Authenticate(token=access.token)))
        except NotAuthenticated:
            return False

    return is_active


def listed(result):
    return [session["id"] for session in json.loads(result.stdout)["data"]]


def test_sessions_are_listed_in_a_table_newest_first(run, register, log_in):
    register("ada")
    laptop, phone = log_in(agent="Laptop 1.0"), log_in(agent="Phone", address="2001:db8::7")
    result = run("users", "sessions", "ada")
    headings, first, second = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert headings.split() == ["ID", "DEVICE", "ADDRESS", "CREATED", "LAST", "USED", "ENDS"]
    assert first.split()[:3] == [str(phone.session_id), "Phone", "2001:db8::7"]
    assert second.split()[:4] == [str(laptop.session_id), "Laptop", "1.0", "192.0.2.7"]
    assert first.index("Phone") == second.index("Laptop") == headings.index("DEVICE")
    assert all(time.endswith("Z") for time in first.split()[3:])


def test_devices_are_printed_without_control_characters(run, register, log_in):
    register("ada")
    log_in(agent="\x1b[2J\u202eevil\r\n0198c000 root")
    lines = run("users", "sessions", "ada").stdout.splitlines()
    assert len(lines) == 2
    assert "\x1b" not in lines[1]
    assert "\u202e" not in lines[1]


def test_json_has_the_shape_of_the_http_api(run, register, log_in):
    register("ada")
    access = log_in()
    document = json.loads(run("users", "sessions", "ada", "--json").stdout)
    assert document["page"] == {"next": None}
    (session,) = document["data"]
    times = {name: session.pop(name) for name in ("created_at", "last_used_at", "idle_until", "expires_at")}
    assert session == {
        "id": str(access.session_id),
        "device": "curl/8",
        "address": "192.0.2.7",
        "last_address": "192.0.2.7",
    }
    assert times["created_at"] == times["last_used_at"] < times["idle_until"] < times["expires_at"]
    assert all(time.endswith("Z") for time in times.values())


def test_no_secret_is_printed(run, register, program, log_in):
    register("ada")
    access = log_in()
    following = program.service.bus.handle(RefreshSession(refresh=access.refresh))
    shown = run("users", "sessions", "ada").output + run("users", "sessions", "ada", "--json").output
    assert str(access.session_id) in shown
    assert "hxr_" not in shown
    assert not [secret for secret in (access.token, following.token, PASSWORD) if secret in shown]


def test_without_sessions_standard_output_is_empty(run, register):
    register("ada")
    result = run("users", "sessions", "ada")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "ada has no sessions.\n"
    assert json.loads(run("users", "sessions", "ada", "--json").stdout) == {"data": [], "page": {"next": None}}


def test_the_cursor_of_a_page_leads_to_the_next_one(run, register, log_in):
    register("ada")
    opened = [str(log_in().session_id) for _ in range(5)]
    seen, cursor = [], []
    while cursor is not None:
        result = run("users", "sessions", "ada", "--limit", "2", "--json", *cursor)
        seen.append(listed(result))
        following = json.loads(result.stdout)["page"]["next"]
        cursor = ["--after", following] if following else None
    assert seen == [opened[4:2:-1], opened[2:0:-1], opened[:1]]


@pytest.mark.parametrize("reference", ["ada", "ada@example.org"])
def test_the_hint_is_the_command_for_the_next_page(run, register, log_in, reference):
    register("ada")
    first, second = log_in(), log_in()
    page = run("--config", "my file.toml", "users", "sessions", reference, "--limit", "1")
    hint = shlex.split(page.stderr.removeprefix("More: "))
    assert hint == [
        "hexaccount", "--config", "my file.toml", "users", "sessions", "--limit", "1", "--after",
        str(second.session_id), reference,
    ]  # fmt: skip
    following = run(*hint[1:])
    assert str(first.session_id) in following.stdout
    assert str(second.session_id) not in following.stdout
    assert following.stderr == ""


def test_the_hint_works_for_a_name_that_begins_with_a_hyphen(run, register, log_in):
    run(
        "users", "register", "--user-name=-ada", "--email=a@example.org", "--first-name=A", "--last-name=L",
        "--password-stdin", stdin=PASSWORD,
    )  # fmt: skip
    first, _ = log_in("-ada"), log_in("-ada")
    page = run("users", "sessions", "--limit", "1", "--", "-ada")
    following = run(*shlex.split(page.stderr.removeprefix("More: hexaccount ")))
    assert str(first.session_id) in following.stdout


@pytest.mark.parametrize("limit", [0, LONGEST_PAGE + 1, "many"])
def test_a_page_size_out_of_range_is_misuse(run, register, limit):
    register("ada")
    result = run("users", "sessions", "ada", "--limit", str(limit))
    assert result.exit_code == 2
    assert "--limit" in result.stderr


@pytest.mark.parametrize("args", [["sessions", "--after", "yesterday"], ["logout", "--session", "the phone"]])
def test_what_is_no_id_is_misuse(run, register, args):
    register("ada")
    assert run("users", *args, "ada").exit_code == 2


@pytest.mark.parametrize("command", ["sessions", "logout"])
@pytest.mark.parametrize("reference", ["nobody", "nobody@example.org", "", "00000000-0000-0000-0000-000000000007"])
def test_an_unknown_account_is_refused(run, command, reference):
    result = run("users", command, reference)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "error: there is no such user\n")


def test_logout_ends_every_session_of_the_account_and_of_no_other(run, register, log_in, is_active):
    register("ada"), register("bob")
    sessions, other_session = [log_in(), log_in()], log_in("bob")
    result = run("users", "logout", "ada")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "ada is logged out everywhere.\n", "")
    assert [is_active(access) for access in sessions] == [False, False]
    assert is_active(other_session)
    assert is_active(log_in())


def test_logout_of_one_session_keeps_the_others(run, register, log_in, is_active):
    register("ada")
    laptop, phone = log_in(), log_in()
    for _ in range(2):
        result = run("users", "logout", "ada", "--session", str(phone.session_id))
        assert (result.exit_code, result.stdout) == (0, f"The session {phone.session_id} of ada has ended.\n")
    assert [is_active(laptop), is_active(phone)] == [True, False]
    assert listed(run("users", "sessions", "ada", "--json")) == [str(laptop.session_id)]


def test_the_session_of_another_account_is_refused_and_stays(run, register, log_in, is_active):
    register("ada"), register("bob")
    access = log_in("bob")
    for session_id in (access.session_id, uuid4()):
        result = run("users", "logout", "ada", "--session", str(session_id))
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == "error: there is no such session\n"
    assert is_active(access)


def test_logout_all_ends_the_sessions_of_several_pages_of_accounts(run, register, log_in, is_active, monkeypatch):
    monkeypatch.setattr("hexaccount.sessions.end_all_sessions.LONGEST_PAGE", 2)
    names = ["ada", "bob", "cyd", "dee", "eve"]
    all_sessions = [(register(name), log_in(name))[1] for name in names]
    result = run("users", "logout-all")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "All sessions have ended, of 5 accounts.\n"
    assert not any(is_active(access) for access in all_sessions)
    assert is_active(log_in("eve"))


def test_a_disabled_account_has_no_sessions(run, register, log_in):
    register("ada")
    log_in()
    run("users", "disable", "ada")
    assert run("users", "sessions", "ada").stdout == ""
