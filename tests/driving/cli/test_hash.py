import json


def test_the_costs_are_shown_in_columns_with_the_proposed_one(run):
    result = run("hash", "calibrate")
    assert (result.exit_code, result.stderr.count("warning")) == (0, 0)
    assert result.stdout.splitlines() == [
        "COST  ONE HASH  HASHES/S",
        "   8     16 ms       128",
        "   9     31 ms        64",
        "  10     62 ms        32",
        "  11    125 ms        16",
        "  12    250 ms       8.0  proposed",
        "  13    500 ms       4.0",
        "  14     1.0 s       2.0  reckoned",
        "  15     2.0 s       1.0  reckoned",
        "Set password.cost to 12: a hash takes 250 ms, and 2 cores allow 8.0 logins a second at the most.",
    ]


def test_the_cost_in_force_is_marked(run, program):
    program.settings = type(program.settings)(store="memory://")
    assert "12    250 ms       8.0  proposed, in force" in run("hash", "calibrate").stdout


def test_logins_are_asked_for_alone_or_with_a_target(run):
    alone = run("hash", "calibrate", "--logins-per-second", "1")
    assert "Set password.cost to 15" in alone.stdout
    both = run("hash", "calibrate", "--logins-per-second", "1", "--target-ms", "500")
    assert "Set password.cost to 13" in both.stdout


def test_warnings_go_to_the_person_not_to_the_output(run):
    result = run("hash", "calibrate", "--logins-per-second", "100", "--target-ms", "250")
    assert result.exit_code == 0
    assert "Set password.cost to 8" in result.stdout
    assert "warning: the targets contradict each other" in result.stderr
    assert "warning: cost 8 is below 10, the least that OWASP recommends" in result.stderr
    assert "warning" not in result.stdout


def test_programs_get_the_same_as_json(run):
    data = json.loads(run("hash", "calibrate", "--logins-per-second", "100", "--json").stdout)["data"]
    assert data["cores"] == 2
    assert data["proposal"] == {"cost": 8, "milliseconds": 15.6, "hashes_per_second": 128.0, "measured": True}
    assert [speed["cost"] for speed in data["speeds"]] == list(range(8, 16))
    assert len(data["warnings"]) == 1


def test_a_target_that_is_no_time_is_misuse(run):
    assert run("hash", "calibrate", "--target-ms", "0").exit_code == 2
    assert run("hash", "calibrate", "--logins-per-second", "0").exit_code == 2
