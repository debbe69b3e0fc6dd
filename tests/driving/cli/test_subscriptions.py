import json
from datetime import UTC, datetime, timedelta


def dead_letters(run):
    return len(json.loads(run("outbox", "list", "--json").stdout)["data"])


def test_subscribers_are_listed_with_their_state_and_deliveries(run, program, register):
    program.service.subscribe()
    program.service.store.outbox.subscribe("kafka://old/\x1b[31m", ["*"])
    register("ada")
    heading, *lines = run("outbox", "subscribers").stdout.splitlines()
    assert heading.split("  ")[0] == "SUBSCRIBER"
    assert [line.split("  ")[0] for line in lines] == [r"kafka://old/\x1b[31m", "profile-of-a-registered-user"]
    assert [line.split()[-5:-2] for line in lines] == [["orphaned", "1", "0"], ["active", "1", "0"]]
    oldest = datetime.fromisoformat(" ".join(lines[0].split()[-2:]))
    assert abs(oldest - datetime.now(UTC)) < timedelta(minutes=1)
    orphaned, active = json.loads(run("outbox", "subscribers", "--json").stdout)["data"]
    assert orphaned.pop("oldest_event_id") == active["oldest_event_id"]
    assert orphaned == {"subscriber": "kafka://old/\x1b[31m", "state": "orphaned", "pending": 1, "dead_letters": 0}


def test_a_subscriber_of_the_settings_without_a_subscription_is_not_subscribed(run):
    (subscriber,) = json.loads(run("outbox", "subscribers", "--json").stdout)["data"]
    assert (subscriber["subscriber"], subscriber["state"]) == ("profile-of-a-registered-user", "not_subscribed")


def test_an_orphaned_subscriber_is_unsubscribed_after_a_confirmation(run, add_dead_letters):
    add_dead_letters("kafka", accounts=2)
    declined = run("outbox", "unsubscribe", "kafka", stdin="n\n")
    assert (declined.exit_code, declined.stdout, dead_letters(run)) == (130, "", 2)
    result = run("outbox", "unsubscribe", "kafka", stdin="y\n")
    assert (result.exit_code, result.stdout) == (0, "Unsubscribed kafka and discarded 2 deliveries.\n")
    assert "Discard all deliveries to kafka? [y/N]" in result.stderr
    assert dead_letters(run) == 0
    add_dead_letters("other", accounts=0)
    assert run("outbox", "unsubscribe", "other", "--yes").stdout == "Unsubscribed other and discarded 0 deliveries.\n"
    again = run("outbox", "unsubscribe", "kafka")
    assert again.exit_code == 1
    assert again.stderr.startswith("error: run `hexaccount outbox subscribers` to list the names; ")


def test_an_active_subscriber_is_not_unsubscribed(run, program):
    program.service.subscribe()
    refused = run("outbox", "unsubscribe", "profile-of-a-registered-user")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("error: remove it from the settings ")
    assert refused.stderr.count("remove") == refused.stderr.count("restart") == 1
