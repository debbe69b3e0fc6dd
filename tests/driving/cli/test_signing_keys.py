import json

import pytest

from hexaccount.signing_keys.signing_keys import SigningKeys
from tests.driving.cli.memory_program import MemoryProgram


def listed(run):
    return json.loads(run("keys", "list", "--json").stdout)["data"]


def add(run, *args):
    result = run("keys", "add", *args)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_the_key_of_the_settings_is_marked(run):
    heading, line = run("keys", "list").stdout.splitlines()
    assert heading.split("  ")[0] == "KEY"
    assert line.split()[1:] == ["(jwt.key)", "HS256", "signing", "-", "-", "-"]


def test_json_has_the_same_keys(run):
    kid = add(run, "--signs-after", "60")
    root, key = listed(run)
    assert (root["from_settings"], root["state"], root["signs_from"]) == (True, "signing", None)
    assert (key["kid"], key["algorithm"], key["state"], key["retired_at"]) == (kid, "EdDSA", "waiting", None)
    assert key["signs_from"] > key["created_at"]


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256", "HS256"])
def test_a_key_is_added_for_an_algorithm_and_only_its_name_is_printed(run, algorithm):
    result = run("keys", "add", "--algorithm", algorithm)
    assert result.exit_code == 0
    assert [key["algorithm"] for key in listed(run)] == ["HS256", algorithm]
    assert result.stdout == listed(run)[1]["kid"] + "\n"
    assert result.stderr == f"The key is published now, and signs from {listed(run)[1]['signs_from']} on.\n"


def test_the_name_of_a_key_never_looks_like_an_option(run):
    for _ in range(100):
        assert not add(run).startswith("-")


def test_json_has_the_new_key_and_when_it_signs(run):
    added = json.loads(run("keys", "add", "--json").stdout)["data"]
    assert added == {"kid": listed(run)[1]["kid"], "signs_from": listed(run)[1]["signs_from"]}


def test_a_key_in_use_is_retired_and_removed_only_if_compromised(run):
    first, second = add(run, "--signs-after", "0"), add(run, "--signs-after", "0")
    result = run("keys", "retire", second)
    assert (result.exit_code, result.stdout) == (
        0,
        f"{second} no longer signs; its tokens stay valid.\n",
    )
    states = {key["kid"]: key["state"] for key in listed(run)[1:]}
    assert states == {first: "signing", second: "verifying"}
    refused = run("keys", "remove", second)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "--compromised" in refused.stderr
    assert run("keys", "remove", second, "--compromised").stdout == f"{second} is removed.\n"
    assert [key["kid"] for key in listed(run)][1:] == [first]


@pytest.mark.parametrize("command", [["retire"], ["remove"], ["remove", "--compromised"]])
def test_the_key_of_the_settings_and_unknown_keys_are_refused_with_the_next_step(run, command):
    root = listed(run)[0]["kid"]
    assert "jwt.key" in run("keys", *command, "--", root).stderr
    missing = run("keys", *command, "no-such-key")
    assert (missing.exit_code, missing.stderr) == (
        1,
        "error: run `hexaccount keys list` to list the names; there is no signing key with this id\n",
    )


def test_the_only_key_cannot_be_retired(run):
    kid = add(run, "--signs-after", "0")
    result = run("keys", "retire", kid)
    assert result.exit_code == 1
    assert "add one" in result.stderr


@pytest.mark.parametrize(
    "args", [["add", "--algorithm", "none"], ["add", "--signs-after", "-1"], ["retire"], ["remove"], ["add", "x"]]
)
def test_misuse_is_reported(run, args):
    assert run("keys", *args).exit_code == 2


def test_no_command_prints_a_secret(run, program: MemoryProgram):
    output = add(run) + run("keys", "list").output + run("keys", "list", "--json").output
    (key,) = SigningKeys(program.service.store.unit_of_work).all()
    assert key.sealed not in output + repr(key)
