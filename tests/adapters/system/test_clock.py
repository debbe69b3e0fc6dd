from datetime import UTC, datetime, timedelta

from hexaccount_system import SystemClock


def test_the_clock_tells_the_present_moment_in_utc_and_whole_milliseconds() -> None:
    clock = SystemClock()
    before = datetime.now(UTC)
    moments = [clock.now() for _ in range(1000)]
    after = datetime.now(UTC)
    assert all(moment.tzinfo is UTC and moment.microsecond % 1000 == 0 for moment in moments)
    assert before - timedelta(milliseconds=1) < moments[0]
    assert moments[-1] <= after
