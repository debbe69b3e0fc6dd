import json
import os
import re
from pwd import getpwuid
from uuid import uuid4

import pytest

from hexaccount.accounts.profile import ProfileUpdated
from hexaccount.accounts.user import UserDisabled, UserEnabled, UserRegistered
from tests.event_types import EVENT_TYPES


def listed(run, *args):
    return json.loads(run("events", "list", "--json", *args).stdout)


def types_of(document):
    return [event["type"].split(".")[1:3] for event in document["data"]]


@pytest.mark.parametrize("reference", ["ada", "ada@example.org", "ID"])
def test_the_history_of_an_account_is_listed_oldest_first(run, ada, reference):
    result = run("events", "list", ada if reference == "ID" else reference)
    heading, *lines = result.stdout.splitlines()
    assert heading.split() == ["ID", "TIME", "TYPE", "AGGREGATE", "SEQUENCE", "ACTOR"]
    cells = [re.split(r"\s{2,}", line) for line in lines]
    assert [row[2] for row in cells] == [
        UserRegistered.type, "hexaccount.profile.created.v1", UserDisabled.type, UserEnabled.type,
    ]  # fmt: skip
    assert [row[3:5] for row in cells] == [
        [f"user {ada}", "1"], [f"profile {ada}", "1"], [f"user {ada}", "2"], [f"user {ada}", "3"],
    ]  # fmt: skip
    admin = f"admin:{getpwuid(os.getuid()).pw_name}@{os.uname().nodename}"
    assert [row[5] for row in cells] == [admin, "service", "service", "service"]
    assert result.exit_code == 0


def test_json_has_cloud_events(run, ada):
    first, created, *_ = listed(run, "ada")["data"]
    assert first["specversion"] == "1.0"
    assert (first["type"], first["subject"], first["sequence"]) == (UserRegistered.type, ada, "1")
    assert first["data"]["user_name"] == "ada"
    assert created["causationid"] == first["id"]


def test_each_event_is_on_one_page(run, ada):
    found, more = [], []
    while more is not None:
        page = listed(run, "ada", "--limit", "3", *more)
        found += [event["id"] for event in page["data"]]
        more = ["--after", page["page"]["next"]] if page["page"]["next"] else None
    assert found == [event["id"] for event in listed(run, "ada")["data"]]
    assert len(found) == 4


def test_the_list_is_filtered_by_type_and_time(run, ada):
    assert types_of(listed(run, "ada", "--type", UserDisabled.type)) == [["user", "disabled"]]
    both = listed(run, "ada", "--type", UserDisabled.type, "--type", UserEnabled.type)
    assert types_of(both) == [["user", "disabled"], ["user", "enabled"]]
    assert len(listed(run, "ada", "--since", "2026-01-01")["data"]) == 4
    assert listed(run, "ada", "--since", "2999-01-01T00:00:00+02:00")["data"] == []


def test_the_hint_for_the_next_page_has_the_same_filters(run, ada):
    options = ["--type", UserDisabled.type, "--type", UserEnabled.type, "--since", "2026-01-01", "--limit", "1"]
    result = run("events", "list", "ada", *options)
    filters = f"--type {UserDisabled.type} --type {UserEnabled.type} --since 2026-01-01T00:00:00.000Z --limit 1"
    assert result.stderr.startswith(f"More: hexaccount events list {filters} --after ")
    again = run(*result.stderr.split()[2:])
    assert UserEnabled.type in again.stdout
    assert again.stderr == ""


def test_without_matching_events_standard_output_is_empty(run, ada):
    result = run("events", "list", "ada", "--type", ProfileUpdated.type)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "ada has no such events.\n")


def test_one_event_is_shown_with_all_attributes_and_data(run, ada):
    event = listed(run, "ada")["data"][0]
    shown = dict(
        re.split(r"\s{2,}", line, maxsplit=1) for line in run("events", "show", event["id"]).stdout.splitlines()
    )
    assert shown.pop("data.user_name") == '"ada"'
    assert {name: text for name, text in shown.items() if not name.startswith("data.")} == {
        name: text for name, text in event.items() if name != "data"
    }
    assert json.loads(run("events", "show", event["id"], "--json").stdout) == {"data": event}


def test_unknown_events_and_accounts_are_refused(run, ada):
    result = run("events", "show", str(uuid4()))
    assert (result.exit_code, result.stderr) == (1, "error: there is no such event\n")
    assert run("events", "list", "nobody").exit_code == 1


@pytest.mark.parametrize(
    "args",
    [
        ["list", "ada", "--type", "hexaccount.user.vanished.v1"],
        ["list", "ada", "--since", "yesterday"],
        ["list", "ada", "--since", "1969-12-31"],
        ["list", "ada", "--since", "0001-01-01T00:00:00+14:00"],
        ["show", "first"],
    ],
)
def test_misuse_is_reported(run, ada, args):
    result = run("events", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


def test_the_list_is_filtered_by_every_type(run, ada):
    for event_type in EVENT_TYPES:
        assert run("events", "list", "ada", "--type", event_type).exit_code == 0
