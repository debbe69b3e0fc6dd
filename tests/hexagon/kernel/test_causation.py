import pytest

from hexaccount.kernel.causation import Cause, caused_by, current_cause


def test_there_is_no_cause_by_default() -> None:
    assert current_cause() == Cause()


def test_an_inner_cause_replaces_the_outer_one_until_it_ends() -> None:
    outer, inner = Cause(causation_id="outer"), Cause(causation_id="inner")
    with caused_by(outer):
        with caused_by(inner):
            assert current_cause() == inner
        assert current_cause() == outer
    assert current_cause() == Cause()


def test_an_error_restores_the_outer_cause() -> None:
    def fail() -> None:
        with caused_by(Cause(causation_id="inner")):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert current_cause() == Cause()
