import json
from datetime import timedelta

import pytest

from hexaccount.accounts.profiles import PROFILES
from hexaccount.accounts.user import UserDisabled, UserRegistered
from hexaccount.events import replay_events

HANDLER = "profile-of-a-registered-user"


def pending(program, subscriber):
    """Return the types of the events that a relay would deliver to a subscriber."""
    now = program.service.container.clock().now()
    claimed = program.service.store.outbox.claim(subscriber, limit=100, now=now, lease=timedelta(seconds=30)).deliveries
    program.service.store.outbox.release(claimed)
    return [delivery.entry.type for delivery in claimed]


def test_a_replay_asks_for_confirmation_with_the_number_of_events(run, program, ada):
    result = run("events", "replay", HANDLER, stdin="n\n")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.startswith(f"Deliver 1 event to {HANDLER} again? [y/N]")
    assert pending(program, HANDLER) == []
    result = run("events", "replay", HANDLER, stdin="y\n")
    assert (result.exit_code, result.stdout) == (0, f"Enqueued 1 event for {HANDLER}.\n")
    assert pending(program, HANDLER) == [UserRegistered.type]


def test_a_replay_without_confirmation_does_nothing(run, program, ada):
    result = run("events", "replay", HANDLER)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "confirm with --yes; there is no terminal to ask at" in result.stderr
    assert pending(program, HANDLER) == []


def test_a_replay_is_filtered_by_user_time_and_type(run, program, register, ada):
    register("grace")
    program.service.deliver_all()
    for options, count in [
        (["--user", "grace"], "1 event"),
        (["--since", "2999-01-01"], "0 events"),
        (["--type", UserRegistered.type], "2 events"),
    ]:
        result = run("events", "replay", HANDLER, *options, "--yes")
        assert result.stdout == f"Enqueued {count} for {HANDLER}.\n"
    (event,) = json.loads(run("events", "list", "grace", "--type", UserRegistered.type, "--json").stdout)["data"]
    result = run("events", "replay", HANDLER, "--from", event["id"], "--yes", "--json")
    assert json.loads(result.stdout) == {"data": {"events": 1}}
    assert result.stderr == ""


def test_missing_profiles_are_rebuilt_at_once(run, program, ada):
    stored = program.service.store._tables.table(PROFILES).rows
    before = dict(stored)
    stored.clear()
    result = run("events", "replay", "profiles", stdin="y\n")
    assert result.stdout == "Replayed 1 event to profiles.\n"
    assert [one.values for one in stored.values()] == [one.values for one in before.values()]
    assert [one.values[PROFILES.position("version")] for one in stored.values()] == [1]


def test_the_progress_of_several_steps_is_shown_on_a_terminal_only(run, register, ada, monkeypatch):
    monkeypatch.setattr(replay_events, "BATCH", 1)
    register("grace")
    result = run("events", "replay", HANDLER, "--yes")
    assert (result.stdout, result.stderr) == (f"Enqueued 2 events for {HANDLER}.\n", "")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    assert "100%" in run("events", "replay", HANDLER, "--yes").stderr


def test_an_unknown_subscriber_and_a_type_that_it_does_not_receive_are_refused(run, ada):
    result = run("events", "replay", "kafka://elsewhere", "--yes")
    assert result.exit_code == 1
    assert result.stderr.endswith(f"there are {HANDLER}, profiles\n")
    assert run("events", "replay", HANDLER, "--type", UserDisabled.type, "--yes").exit_code == 1


@pytest.mark.parametrize(
    "args", [[], ["profiles", "--since", "2026-01-01", "--from", "019c0000-0000-7000-8000-000000000000"]]
)
def test_misuse_is_reported(run, ada, args):
    result = run("events", "replay", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
