import pytest

from hexaccount.kernel.causation import Cause, caused_by, current_cause


def test_work_has_no_cause_unless_one_is_named() -> None:
    assert current_cause() == Cause()


def test_the_inner_cause_counts_and_the_outer_one_comes_back() -> None:
    outer, inner = Cause(causation_id="outer"), Cause(causation_id="inner")
    with caused_by(outer):
        with caused_by(inner):
            assert current_cause() == inner
        assert current_cause() == outer
    assert current_cause() == Cause()


def test_a_failure_does_not_leave_its_cause_behind() -> None:
    def fail() -> None:
        with caused_by(Cause(causation_id="inner")):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert current_cause() == Cause()
