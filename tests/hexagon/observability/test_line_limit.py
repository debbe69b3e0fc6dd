from hexaccount.observability.line_limit import LeftOut, LineLimit
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryRateLimitStore


def used_up(clock: AdjustableClock) -> LineLimit:
    limit = LineLimit(MemoryRateLimitStore(), clock)
    while limit.admits("log_in", "192.0.2.0/24"):
        pass
    return limit


def test_a_summary_is_due_a_minute_after_the_first_line_was_left_out() -> None:
    clock = AdjustableClock()
    limit = used_up(clock)
    clock.advance(seconds=59)
    assert not limit.is_summary_due
    clock.advance(seconds=1)
    assert limit.is_summary_due
    left_out = LeftOut(action="log_in", lines=1, networks=1, busiest="192.0.2.0/24", of_busiest=1)
    assert limit.take_left_out() == [left_out]
    assert not limit.is_summary_due


def test_a_clock_that_is_set_back_holds_up_neither_the_summary_nor_the_lines() -> None:
    clock = AdjustableClock()
    limit = used_up(clock)
    clock.advance(days=-1)
    assert limit.is_summary_due
    assert not limit.admits("log_in", "192.0.2.0/24")
    clock.advance(minutes=1)
    assert limit.admits("log_in", "192.0.2.0/24")
