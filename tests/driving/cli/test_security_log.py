"""What admins do at the command line is in the security log, and so is what its hashes stand for."""

import logging
import os
from pwd import getpwuid

ADMIN = f"admin:{getpwuid(os.getuid()).pw_name}@{os.uname().nodename}"


def test_a_command_is_logged_with_its_admin_reason_and_account(run, ada, caplog):
    caplog.set_level(logging.INFO, "hexaccount.security")

    run("users", "disable", "ada", "--reason", "her letter")
    run("users", "show", "ada")

    (line,) = [vars(record)["ecs"] for record in caplog.records if record.name == "hexaccount.security"]
    assert (line["event.action"], line["event.outcome"], line["event.category"]) == (
        "disable_user",
        "success",
        ["iam"],
    )
    assert (line["labels.actor"], line["event.reason"]) == (ADMIN, "her letter")
    assert line["user.hash"] == run("users", "log-hash", ada).stdout.split()[0]


def test_a_refused_command_is_logged_with_its_code(run, ada, caplog):
    caplog.set_level(logging.INFO, "hexaccount.security")

    assert run("users", "revoke", "ada", "admin").exit_code == 0
    assert run("outbox", "unsubscribe", "nothing", "--yes").exit_code == 1

    refused = vars(caplog.records[-1])["ecs"]
    assert (refused["event.action"], refused["event.outcome"]) == ("unsubscribe", "failure")
    assert (refused["error.code"], refused["labels.actor"]) == ("subscriber_unknown", ADMIN)


def test_hashes_are_printed_each_with_its_reference_and_need_no_account(run):
    references = ["ada", "ADA", "nobody@example.org", "no name\x1b[31m"]
    result = run("users", "log-hash", *references)

    hashes, shown = zip(*(line.split("  ") for line in result.stdout.splitlines()), strict=True)
    assert (result.exit_code, {len(each) for each in hashes}) == (0, {43})
    assert shown == ("ada", "ADA", "nobody@example.org", "no name\\x1b[31m")
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
