import json
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.profile import ProfileUpdated
from hexaccount.accounts.user import UserDisabled, UserEnabled, UserRegistered
from hexaccount.events import replay_events as replaying
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount_click.progress import Progress

HANDLER = "profile-of-a-registered-user"


@pytest.fixture
def ada(program, register):
    """Register an account that is then disabled and enabled, and return its id."""
    program.service.subscribe()
    user_id = register("ada")
    program.service.deliver_all()
    program.bus().handle(DisableUser(user_id=UUID(user_id)))
    program.bus().handle(EnableUser(user_id=UUID(user_id)))
    return user_id


def listed(run, *args):
    return json.loads(run("events", "list", "--json", *args).stdout)


def types_of(document):
    return [event["type"].split(".")[1:3] for event in document["data"]]


@pytest.mark.parametrize("reference", ["ada", "ada@example.org", "ID"])
def test_the_history_of_an_account_is_listed_oldest_first(run, ada, reference):
    result = run("events", "list", ada if reference == "ID" else reference)
    heading, *lines = result.stdout.splitlines()
    assert heading.split() == ["ID", "TIME", "TYPE", "AGGREGATE", "SEQUENCE", "CAUSE"]
    cells = [re.split(r"\s{2,}", line) for line in lines]
    assert [row[2] for row in cells] == [
        UserRegistered.type, "hexaccount.profile.created.v1", UserDisabled.type, UserEnabled.type,
    ]  # fmt: skip
    assert [row[3:5] for row in cells] == [
        [f"user {ada}", "1"], [f"profile {ada}", "1"], [f"user {ada}", "2"], [f"user {ada}", "3"],
    ]  # fmt: skip
    assert [row[5] for row in cells] == ["-", cells[0][0], "-", "-"]
    assert result.exit_code == 0


def test_json_tells_cloud_events(run, ada):
    first, created, *_ = listed(run, "ada")["data"]
    assert first["specversion"] == "1.0"
    assert (first["type"], first["subject"], first["sequence"]) == (UserRegistered.type, ada, "1")
    assert first["data"]["user_name"] == "ada"
    assert created["causationid"] == first["id"]


def test_pages_hold_each_event_once(run, ada):
    found, more = [], []
    while more is not None:
        page = listed(run, "ada", "--limit", "3", *more)
        found += [event["id"] for event in page["data"]]
        more = ["--after", page["page"]["next"]] if page["page"]["next"] else None
    assert found == [event["id"] for event in listed(run, "ada")["data"]]
    assert len(found) == 4


def test_types_and_a_point_narrow_the_list(run, ada):
    assert types_of(listed(run, "ada", "--type", UserDisabled.type)) == [["user", "disabled"]]
    both = listed(run, "ada", "--type", UserDisabled.type, "--type", UserEnabled.type)
    assert types_of(both) == [["user", "disabled"], ["user", "enabled"]]
    assert len(listed(run, "ada", "--since", "2026-01-01")["data"]) == 4
    assert listed(run, "ada", "--since", "2999-01-01T00:00:00+02:00")["data"] == []


def test_the_hint_for_the_next_page_keeps_to_what_was_asked_for(run, ada):
    options = ["--type", UserDisabled.type, "--type", UserEnabled.type, "--since", "2026-01-01", "--limit", "1"]
    result = run("events", "list", "ada", *options)
    kept = f"--type {UserDisabled.type} --type {UserEnabled.type} --since 2026-01-01T00:00:00.000Z --limit 1"
    assert result.stderr.startswith(f"More: hexaccount events list {kept} --after ")
    again = run(*result.stderr.split()[2:])
    assert UserEnabled.type in again.stdout
    assert again.stderr == ""


def test_an_account_to_which_nothing_of_the_kind_has_happened_is_said_so(run, ada):
    result = run("events", "list", "ada", "--type", ProfileUpdated.type)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "Nothing of the kind has happened to ada.\n")


def test_one_event_is_shown_whole(run, ada):
    event = listed(run, "ada")["data"][0]
    shown = dict(
        re.split(r"\s{2,}", line, maxsplit=1) for line in run("events", "show", event["id"]).stdout.splitlines()
    )
    assert shown.pop("data.user_name") == '"ada"'
    assert {name: text for name, text in shown.items() if not name.startswith("data.")} == {
        name: text for name, text in event.items() if name != "data"
    }
    assert json.loads(run("events", "show", event["id"], "--json").stdout) == {"data": event}


def test_what_is_not_there_is_refused(run, ada):
    result = run("events", "show", str(uuid4()))
    assert (result.exit_code, result.stderr) == (1, "error: there is no such event\n")
    assert run("events", "list", "nobody").exit_code == 1
    result = run("events", "replay", "kafka://elsewhere", "--yes")
    assert result.exit_code == 1
    assert result.stderr == f"error: nobody of this name takes events; there are {HANDLER}, profiles\n"
    assert run("events", "replay", HANDLER, "--type", UserDisabled.type, "--yes").exit_code == 1


@pytest.mark.parametrize(
    "args",
    [
        ["list", "ada", "--type", "hexaccount.user.vanished.v1"],
        ["list", "ada", "--since", "yesterday"],
        ["list", "ada", "--since", "1969-12-31"],
        ["list", "ada", "--since", "0001-01-01T00:00:00+14:00"],
        ["show", "first"],
        ["replay"],
        ["replay", "profiles", "--since", "2026-01-01", "--from", "019c0000-0000-7000-8000-000000000000"],
    ],
)
def test_misuse_is_told_before_anything_is_done(run, ada, args):
    result = run("events", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


def owed_to(program, name):
    now = program.service.container.clock().now()
    claimed = program.service.store.outbox.claim(name, limit=100, now=now, lease=timedelta(seconds=30))
    program.service.store.outbox.release(claimed)
    return [delivery.entry.type for delivery in claimed]


def test_a_replay_asks_first_and_tells_how_much_it_is_of(run, program, ada):
    result = run("events", "replay", HANDLER, stdin="n\n")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.startswith(f"1 event for {HANDLER}: owed again, and its relays bring them. Go on? [y/N]")
    assert owed_to(program, HANDLER) == []
    result = run("events", "replay", HANDLER, stdin="y\n")
    assert (result.exit_code, result.stdout) == (0, f"1 event owed again to {HANDLER}.\n")
    assert owed_to(program, HANDLER) == [UserRegistered.type]


def test_a_replay_that_nobody_confirms_does_nothing(run, program, ada):
    assert run("events", "replay", HANDLER).exit_code == 130
    assert owed_to(program, HANDLER) == []


def test_a_replay_may_be_narrowed(run, program, register, ada):
    register("grace")
    program.service.deliver_all()
    assert run("events", "replay", HANDLER, "--user", "grace", "--yes").stdout.startswith("1 event owed")
    assert run("events", "replay", HANDLER, "--since", "2999-01-01", "--yes").stdout.startswith("0 events")
    assert run("events", "replay", HANDLER, "--type", UserRegistered.type, "--yes").stdout.startswith("2 events")
    last = listed(run, "grace", "--type", UserRegistered.type)["data"][0]["id"]
    result = run("events", "replay", HANDLER, "--from", last, "--yes", "--json")
    assert json.loads(result.stdout) == {"data": {"events": 1}}
    assert result.stderr == ""


def test_profiles_are_made_anew_at_once(run, program, ada):
    stored = program.service.store._tables.profiles
    before = dict(stored)
    stored.clear()
    result = run("events", "replay", "profiles", stdin="y\n")
    assert result.stdout == "1 event replayed to profiles.\n"
    assert [one.version for one in stored.values()] == [one.version for one in before.values()] == [1]


def test_progress_is_for_terminals_only(run, program, ada, monkeypatch, capsys):
    monkeypatch.setattr(replaying, "BATCH", 1)
    assert "of" not in run("events", "replay", HANDLER, "--yes").stderr
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress() as progress:
        progress.tell("5 of 12 events")
    assert capsys.readouterr().err == "\r\x1b[K5 of 12 events\r\x1b[K"


def test_every_type_may_be_asked_for(run, ada):
    for event_type in EVENT_TYPES:
        assert run("events", "list", "ada", "--type", event_type).exit_code == 0
