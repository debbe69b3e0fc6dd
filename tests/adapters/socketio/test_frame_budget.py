from hexaccount_socketio.frame_budget import FrameBudget


def test_a_hundred_frames_at_once_and_then_ten_a_second_are_within_the_budget() -> None:
    time = 1000.0
    budget = FrameBudget(lambda: time)
    assert [budget.take() for _ in range(101)] == [True] * 100 + [False]
    time += 1.3
    assert sum(budget.take() for _ in range(50)) in {12, 13}
    time += 3600
    assert sum(budget.take() for _ in range(200)) == 100, "what was not used long ago adds up"
