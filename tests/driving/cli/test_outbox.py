import json
from datetime import UTC, datetime, timedelta

import pytest

from hexaccount.accounts.user import UserRegistered

ERROR = "RuntimeError: broken\n\x1b[31mon two lines"


@pytest.fixture
def give_up(program, register):
    """Register accounts whose event is then given up for each of these subscribers."""

    def give_up(*subscribers, accounts=1):
        store, clock = program.service.store, program.service.container.clock()
        for subscriber in subscribers:
            store.outbox.subscribe(subscriber, [UserRegistered.type])
        ids = [register(f"user-{number}") for number in range(accounts)]
        for subscriber in subscribers:
            claimed = store.outbox.claim(subscriber, limit=100, now=clock.now(), lease=timedelta(seconds=30))
            for delivery in claimed:
                store.outbox.dead_letter(delivery, error=ERROR)
        return ids

    return give_up


def listed(run, *args):
    return json.loads(run("outbox", "list", "--json", *args).stdout)


def test_given_up_deliveries_are_listed_with_their_error(run, give_up):
    (subject,) = give_up("kafka")
    heading, line = run("outbox", "list").stdout.splitlines()
    assert heading.split("  ")[0] == "EVENT ID"
    assert line.split()[1:6] == [UserRegistered.type, subject, "kafka", "1", "RuntimeError:"]
    assert line.endswith(r"broken\n\x1b[31mon two lines")


def test_json_tells_the_same(run, give_up):
    (subject,) = give_up("kafka")
    document = listed(run)
    (delivery,) = document["data"]
    assert delivery.pop("event_id") in run("outbox", "list").stdout
    assert delivery == {
        "type": UserRegistered.type,
        "subject": subject,
        "subscriber": "kafka",
        "attempts": 1,
        "error": ERROR,
    }
    assert document["page"] == {"next": None}


def test_nothing_given_up_leaves_standard_output_empty(run):
    result = run("outbox", "list")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No delivery was given up.\n")


def test_one_subscriber_may_be_listed_alone(run, give_up):
    give_up("kafka", "mail")
    assert [delivery["subscriber"] for delivery in listed(run, "--subscriber", "mail")["data"]] == ["mail"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 9])
def test_pages_of_any_length_show_every_delivery_once(run, give_up, limit):
    give_up("kafka", "mail", "search", accounts=3)
    seen, more = [], []
    while more is not None:
        page = listed(run, "--limit", str(limit), *more)
        seen += [(delivery["event_id"], delivery["subscriber"]) for delivery in page["data"]]
        more = ["--after", page["page"]["next"]] if page["page"]["next"] else None
    assert len(seen) == 9
    assert seen == sorted(set(seen))


def test_the_hint_for_the_next_page_keeps_to_the_subscriber(run, give_up):
    give_up("kafka", "mail", accounts=2)
    result = run("outbox", "list", "--subscriber", "mail", "--limit", "1")
    assert result.stderr.startswith("More: hexaccount outbox list --subscriber mail --limit 1 --after ")


@pytest.mark.parametrize(
    ("args", "said", "left"),
    [
        (["--all"], "4 deliveries are owed again.", 0),
        (["--subscriber", "mail"], "2 deliveries are owed again.", 2),
        (["EVENT"], "2 deliveries are owed again.", 2),
        (["EVENT", "--subscriber", "mail"], "1 delivery is owed again.", 3),
    ],
)
def test_what_is_named_is_owed_again(run, give_up, args, said, left):
    give_up("kafka", "mail", accounts=2)
    event_id = listed(run)["data"][0]["event_id"]
    result = run("outbox", "retry", *(event_id if arg == "EVENT" else arg for arg in args))
    assert (result.exit_code, result.stdout) == (0, said + "\n")
    assert len(listed(run)["data"]) == left


def test_all_of_nothing_is_no_mistake(run):
    result = run("outbox", "retry", "--all")
    assert (result.exit_code, result.stdout) == (0, "0 deliveries are owed again.\n")


@pytest.mark.parametrize("args", [["--subscriber", "nobody"], ["01a2042f-6ad2-7003-9b5b-25c9d4a7a06c"]])
def test_who_names_what_was_not_given_up_is_told(run, give_up, args):
    give_up("kafka")
    result = run("outbox", "retry", *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: nothing of that was given up; hexaccount outbox list shows what was\n"


@pytest.mark.parametrize("args", [[], ["--all", "--subscriber", "mail"], ["EVENT", "--all"], ["yesterday"]])
def test_retrying_must_name_either_some_or_all(run, give_up, args):
    give_up("kafka")
    event_id = listed(run)["data"][0]["event_id"]
    result = run("outbox", "retry", *(event_id if arg == "EVENT" else arg for arg in args))
    assert result.exit_code == 2
    assert len(listed(run)["data"]) == 1


def test_who_is_owed_events_is_listed_and_whether_the_settings_name_them(run, program, register):
    program.service.subscribe()
    program.service.store.outbox.subscribe("kafka://old/\x1b[31m", ["*"])
    register("ada")
    heading, *lines = run("outbox", "subscribers").stdout.splitlines()
    assert heading.split("  ")[0] == "SUBSCRIBER"
    assert [line.split("  ")[0] for line in lines] == [r"kafka://old/\x1b[31m", "profile-of-a-registered-user"]
    assert [line.split()[-5:-2] for line in lines] == [["left", "1", "0"], ["use", "1", "0"]]
    oldest = datetime.fromisoformat(" ".join(lines[0].split()[-2:]))
    assert abs(oldest - datetime.now(UTC)) < timedelta(minutes=1)
    left, known = json.loads(run("outbox", "subscribers", "--json").stdout)["data"]
    assert left.pop("oldest_event_id") == known["oldest_event_id"]
    assert left == {"subscriber": "kafka://old/\x1b[31m", "state": "left", "owed": 1, "given_up": 0}


def test_one_for_whom_nothing_is_kept_yet_is_listed_as_not_enrolled(run):
    (missing,) = json.loads(run("outbox", "subscribers", "--json").stdout)["data"]
    assert (missing["subscriber"], missing["state"]) == ("profile-of-a-registered-user", "not_enrolled")


def test_one_whom_nothing_names_is_forgotten_for_good(run, give_up):
    give_up("kafka", accounts=2)
    asked = run("outbox", "forget", "kafka", stdin="n\n")
    assert (asked.exit_code, asked.stdout, len(listed(run)["data"])) == (130, "", 2)
    result = run("outbox", "forget", "kafka", stdin="y\n")
    assert (result.exit_code, result.stdout) == (0, "kafka is forgotten; 2 events were kept for it.\n")
    assert "kafka gets nothing of what is kept for it. Go on?" in result.stderr
    assert listed(run)["data"] == []
    give_up("other", accounts=0)
    assert run("outbox", "forget", "other", "--yes").stdout == "other is forgotten; 0 events were kept for it.\n"
    again = run("outbox", "forget", "kafka")
    assert again.exit_code == 1
    assert again.stderr.startswith(
        "error: no events are kept for anybody of this name; `hexaccount outbox subscribers`"
    )


def test_one_that_the_settings_name_is_not_forgotten(run, program):
    program.service.subscribe()
    refused = run("outbox", "forget", "profile-of-a-registered-user")
    assert refused.exit_code == 1
    assert "it is part of the service, or these settings name it" in refused.stderr
