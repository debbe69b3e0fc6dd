from datetime import UTC, datetime, timedelta

from hexaccount_system import SystemClock


def test_now_is_in_utc_and_whole_milliseconds() -> None:
    clock = SystemClock()
    before = datetime.now(UTC)
    times = [clock.now() for _ in range(1000)]
    after = datetime.now(UTC)
    assert all(time.tzinfo is UTC and time.microsecond % 1000 == 0 for time in times)
    assert before - timedelta(milliseconds=1) < times[0]
    assert times[-1] <= after
