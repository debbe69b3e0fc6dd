import json
from datetime import datetime

import pytest
from click.testing import CliRunner

from hexaccount.kernel.pages import LONGEST_PAGE
from hexaccount_click.cli import cli
from hexaccount_click.table import display_width


def names(result):
    return [user["user_name"] for user in json.loads(result.stdout)["data"]]


def test_accounts_are_listed_in_a_table(run, register):
    ada, bob = register("ada", "--role", "admin"), register("bob", first_name="Bob", last_name="Day")
    lines = run("users", "list").stdout.splitlines()
    assert lines[0].split("  ") != lines[0].split()
    assert lines[1].split()[:7] == [ada, "ada", "ada@example.org", "Ada", "Lovelace", "user,", "admin"]
    assert lines[2].split()[:7] == [bob, "bob", "bob@example.org", "Bob", "Day", "user", "enabled"]


def test_columns_are_aligned_with_their_headings_in_every_script(run, register):
    register("ada")
    register("山田太郎", first_name="太郎", last_name="山田")
    register("zoë", first_name="Zoë\u0323", last_name="Ünal")
    lines = run("users", "list").stdout.splitlines()
    starts = {display_width(line[: line.index("user  ")]) for line in lines[1:]}
    assert starts == {lines[0].index("ROLES")}


def test_characters_outside_the_output_encoding_are_escaped(program, run, register):
    register("zoë", first_name="山")
    listed = CliRunner(charset="ascii").invoke(cli, ["users", "list"], obj=program)
    assert listed.exit_code == 0
    assert r"zo\xeb  " in listed.stdout
    assert r"\u5c71 Lovelace" in listed.stdout


def test_without_accounts_standard_output_is_empty(run):
    result = run("users", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "There are no accounts.\n"


def test_json_has_the_shape_of_the_http_api(run, register):
    ada = register("ada")
    document = json.loads(run("users", "list", "--json").stdout)
    assert document["page"] == {"next": None}
    (user,) = document["data"]
    registered_at = user.pop("registered_at")
    assert registered_at.endswith("Z")
    assert datetime.fromisoformat(registered_at).microsecond % 1000 == 0
    assert user == {
        "id": ada,
        "user_name": "ada",
        "email": "ada@example.org",
        "email_verified": False,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "avatar_identifier": ada.replace("-", ""),
        "roles": ["user"],
        "disabled": False,
    }


def test_an_empty_list_is_a_json_document(run):
    assert json.loads(run("users", "list", "--json").stdout) == {"data": [], "page": {"next": None}}


def test_json_is_ascii_without_loss(run, register):
    register("山田", first_name="Zoë", last_name="Ünal")
    output = run("users", "list", "--json").stdout
    assert output.isascii()
    assert json.loads(output)["data"][0]["user_name"] == "山田"


def test_the_cursor_of_a_page_leads_to_the_next_one(run, register):
    registered = [f"user-{number}" for number in range(5)]
    for name in registered:
        register(name)
    seen, cursor = [], []
    while cursor is not None:
        result = run("users", "list", "--limit", "2", "--json", *cursor)
        seen.append(names(result))
        following = json.loads(result.stdout)["page"]["next"]
        cursor = ["--after", following] if following else None
    assert seen == [registered[:2], registered[2:4], registered[4:]]


def test_the_hint_is_the_command_for_the_next_page(run, register):
    for name in ("ada", "bob", "eve"):
        register(name)
    first = run("users", "list", "--limit", "2")
    hint = first.stderr.strip().removeprefix("More: hexaccount ").split()
    assert "bob" in first.stdout
    second = run(*hint)
    assert "eve" in second.stdout
    assert "bob" not in second.stdout
    assert second.stderr == ""


def test_the_hint_names_the_settings_file(run, register):
    register("ada")
    bob = register("bob")
    register("eve")
    hint = run("--config", "my file.toml", "users", "list", "--limit", "2").stderr
    assert hint == f"More: hexaccount --config 'my file.toml' users list --limit 2 --after {bob}\n"


@pytest.mark.parametrize("limit", [0, LONGEST_PAGE + 1, "many"])
def test_a_page_size_out_of_range_is_misuse(run, limit):
    result = run("users", "list", "--limit", str(limit))
    assert result.exit_code == 2
    assert "--limit" in result.stderr


def test_the_maximum_page_size_is_accepted(run):
    assert run("users", "list", "--limit", str(LONGEST_PAGE)).exit_code == 0


def test_a_cursor_that_is_not_an_id_is_misuse(run):
    assert run("users", "list", "--after", "yesterday").exit_code == 2


@pytest.mark.parametrize("reference", ["id", "Ada", "ADA@example.org"])
def test_an_account_is_found_by_id_user_name_or_address(run, register, reference):
    ada = register("ada")
    result = run("users", "show", ada if reference == "id" else reference)
    assert result.exit_code == 0
    shown = dict(line.split("  ", 1) for line in result.stdout.splitlines())
    assert shown["ID"].strip() == ada
    assert shown["NAME"].strip() == "Ada Lovelace"
    assert shown["AVATAR"].strip() == ada.replace("-", "")


def test_show_and_list_print_the_same_json(run, register):
    register("ada")
    (listed,) = json.loads(run("users", "list", "--json").stdout)["data"]
    assert json.loads(run("users", "show", "ada", "--json").stdout) == {"data": listed}


@pytest.mark.parametrize("command", ["show", "disable", "enable"])
@pytest.mark.parametrize(
    "reference",
    ["nobody", "nobody@example.org", "", "a b", "\udcff", "\x1b[2J", "00000000-0000-0000-0000-000000000007"],
)
def test_an_unknown_account_is_refused(run, command, reference):
    result = run("users", command, reference)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: there is no such user\n"


def test_disable_and_enable_are_idempotent(run, register):
    register("ada")
    for command, state in [
        ("disable", "disabled"),
        ("disable", "disabled"),
        ("enable", "enabled"),
        ("enable", "enabled"),
    ]:
        result = run("users", command, "ada@example.org")
        assert result.exit_code == 0
        assert result.stdout.startswith(f"ada is {state}")
        assert f"  {state}  " in run("users", "list").stdout
