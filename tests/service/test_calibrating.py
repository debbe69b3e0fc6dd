import json


def test_calibration_measures_this_machine_and_opens_no_store(hexaccount, tmp_path) -> None:
    calibration = hexaccount("hash", "calibrate", "--json")
    assert calibration.returncode == 0, calibration.stderr
    data = json.loads(calibration.stdout)["data"]
    assert 8 <= data["proposal"]["cost"] <= 15
    assert all(speed["milliseconds"] > 0 and speed["hashes_per_second"] > 0 for speed in data["speeds"])
    assert list(tmp_path.iterdir()) == []
