import json

import pytest

from tests.driving.cli.memory_program import MemoryProgram


def listed(run):
    return json.loads(run("keys", "list", "--json").stdout)["data"]


def add(run, *args):
    result = run("keys", "add", *args)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_the_key_of_the_settings_is_listed_as_such(run):
    heading, line = run("keys", "list").stdout.splitlines()
    assert heading.split("  ")[0] == "KEY"
    assert line.split()[1:] == ["(jwt.key)", "HS256", "signing", "-", "-", "-"]


def test_json_tells_the_same(run):
    kid = add(run, "--signs-after", "60")
    seed, key = listed(run)
    assert (seed["from_settings"], seed["state"], seed["signs_from"]) == (True, "signing", None)
    assert (key["kid"], key["algorithm"], key["state"], key["retired_at"]) == (kid, "EdDSA", "waiting", None)
    assert key["signs_from"] > key["created_at"]


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256", "HS256"])
def test_a_key_is_added_for_an_algorithm_and_its_name_printed_alone(run, algorithm):
    result = run("keys", "add", "--algorithm", algorithm)
    assert result.exit_code == 0
    assert [key["algorithm"] for key in listed(run)] == ["HS256", algorithm]
    assert result.stdout == listed(run)[1]["kid"] + "\n"
    assert result.stderr == f"It is published now and signs from {listed(run)[1]['signs_from']}.\n"


def test_a_name_never_looks_like_an_option(run):
    for _ in range(100):
        assert not add(run).startswith("-")


def test_json_names_the_new_key_and_its_moment(run):
    made = json.loads(run("keys", "add", "--json").stdout)["data"]
    assert made == {"kid": listed(run)[1]["kid"], "signs_from": listed(run)[1]["signs_from"]}


def test_a_key_is_retired_and_removed_at_once_only_when_compromised(run):
    first, second = add(run, "--signs-after", "0"), add(run, "--signs-after", "0")
    result = run("keys", "retire", second)
    assert (result.exit_code, result.stdout) == (0, f"{second} signs no more; its tokens are good until they expire.\n")
    assert [key["state"] for key in listed(run)] == ["verifying", "signing", "verifying"]
    refused = run("keys", "remove", second)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "--compromised" in refused.stderr
    assert run("keys", "remove", second, "--compromised").stdout == f"{second} is removed.\n"
    assert [key["kid"] for key in listed(run)][1:] == [first]


@pytest.mark.parametrize("order", [["retire"], ["remove"], ["remove", "--compromised"]])
def test_what_cannot_be_done_is_refused_with_the_remedy(run, order):
    seed = listed(run)[0]["kid"]
    assert "jwt.key" in run("keys", *order, "--", seed).stderr
    missing = run("keys", *order, "no-such-key")
    assert (missing.exit_code, missing.stderr) == (
        1,
        "error: there is no signing key of this name; `hexaccount keys list` shows them\n",
    )


def test_the_only_key_is_not_retired(run):
    kid = add(run, "--signs-after", "0")
    result = run("keys", "retire", kid)
    assert result.exit_code == 1
    assert "add one" in result.stderr


@pytest.mark.parametrize(
    "args", [["add", "--algorithm", "none"], ["add", "--signs-after", "-1"], ["retire"], ["remove"], ["add", "x"]]
)
def test_misuse_is_told(run, args):
    assert run("keys", *args).exit_code == 2


def test_no_command_shows_a_secret(run, program: MemoryProgram):
    shown = add(run) + run("keys", "list").output + run("keys", "list", "--json").output
    (key,) = program.service.store.signing_keys.all()
    assert key.sealed not in shown + repr(key)
