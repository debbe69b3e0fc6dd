import json

import pytest

from hexaccount.accounts.user import UserRegistered
from tests.driving.cli.conftest import DELIVERY_ERROR


def listed(run, *args):
    return json.loads(run("outbox", "list", "--json", *args).stdout)


def test_dead_letters_are_listed_with_their_error(run, add_dead_letters):
    (subject,) = add_dead_letters("kafka")
    heading, line = run("outbox", "list").stdout.splitlines()
    assert heading.split("  ")[0] == "EVENT ID"
    assert line.split()[1:6] == [UserRegistered.type, subject, "kafka", "1", "RuntimeError:"]
    assert line.endswith(r"broken\n\x1b[31mon two lines")


def test_json_has_the_same_dead_letters(run, add_dead_letters):
    (subject,) = add_dead_letters("kafka")
    document = listed(run)
    (dead_letter,) = document["data"]
    assert dead_letter.pop("event_id") in run("outbox", "list").stdout
    assert dead_letter == {
        "type": UserRegistered.type,
        "subject": subject,
        "subscriber": "kafka",
        "attempts": 1,
        "error": DELIVERY_ERROR,
    }
    assert document["page"] == {"next": None}


def test_without_dead_letters_standard_output_is_empty(run):
    result = run("outbox", "list")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "There are no dead letters.\n")


def test_the_list_is_filtered_by_subscriber(run, add_dead_letters):
    add_dead_letters("kafka", "mail")
    assert [dead_letter["subscriber"] for dead_letter in listed(run, "--subscriber", "mail")["data"]] == ["mail"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 9])
def test_each_dead_letter_is_on_one_page_of_any_size(run, add_dead_letters, limit):
    add_dead_letters("kafka", "mail", "search", accounts=3)
    seen, more = [], []
    while more is not None:
        page = listed(run, "--limit", str(limit), *more)
        seen += [(dead_letter["event_id"], dead_letter["subscriber"]) for dead_letter in page["data"]]
        more = ["--after", page["page"]["next"]] if page["page"]["next"] else None
    assert len(seen) == 9
    assert seen == sorted(set(seen))


def test_the_hint_for_the_next_page_has_the_same_filter(run, add_dead_letters):
    add_dead_letters("kafka", "mail", accounts=2)
    result = run("outbox", "list", "--subscriber", "mail", "--limit", "1")
    assert result.stderr.startswith("More: hexaccount outbox list --subscriber mail --limit 1 --after ")


@pytest.mark.parametrize(
    ("args", "message", "remaining"),
    [
        (["--all"], "4 deliveries are pending again.", 0),
        (["--subscriber", "mail"], "2 deliveries are pending again.", 2),
        (["EVENT"], "2 deliveries are pending again.", 2),
        (["EVENT", "--subscriber", "mail"], "1 delivery is pending again.", 3),
    ],
)
def test_the_selected_dead_letters_are_enqueued_again(run, add_dead_letters, args, message, remaining):
    add_dead_letters("kafka", "mail", accounts=2)
    event_id = listed(run)["data"][0]["event_id"]
    result = run("outbox", "retry", *(event_id if arg == "EVENT" else arg for arg in args))
    assert (result.exit_code, result.stdout) == (0, message + "\n")
    assert len(listed(run)["data"]) == remaining


def test_retry_all_without_dead_letters_succeeds(run):
    result = run("outbox", "retry", "--all")
    assert (result.exit_code, result.stdout) == (0, "0 deliveries are pending again.\n")


@pytest.mark.parametrize("args", [["--subscriber", "unknown"], ["01a2042f-6ad2-7003-9b5b-25c9d4a7a06c"]])
def test_a_retry_that_matches_no_dead_letter_is_refused(run, add_dead_letters, args):
    add_dead_letters("kafka")
    result = run("outbox", "retry", *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: run `hexaccount outbox list` to list the dead letters; none match\n"


@pytest.mark.parametrize("args", [[], ["--all", "--subscriber", "mail"], ["EVENT", "--all"], ["yesterday"]])
def test_a_retry_requires_a_selection_or_all(run, add_dead_letters, args):
    add_dead_letters("kafka")
    event_id = listed(run)["data"][0]["event_id"]
    result = run("outbox", "retry", *(event_id if arg == "EVENT" else arg for arg in args))
    assert result.exit_code == 2
    assert len(listed(run)["data"]) == 1
