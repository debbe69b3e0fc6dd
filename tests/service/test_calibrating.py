import json


def test_calibrating_measures_this_machine_and_opens_nothing(hexaccount, tmp_path) -> None:
    told = hexaccount("hash", "calibrate", "--json")
    assert told.returncode == 0, told.stderr
    data = json.loads(told.stdout)["data"]
    assert 8 <= data["proposal"]["cost"] <= 15
    assert all(speed["milliseconds"] > 0 and speed["hashes_per_second"] > 0 for speed in data["speeds"])
    assert list(tmp_path.iterdir()) == []
