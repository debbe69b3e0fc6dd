import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.passwords.hash_calibration import HashSpeed, HashSpeeds, propose_cost


def machine(seconds_at_12: float = 0.25, cores: int = 2, **changed: float) -> HashSpeeds:
    """Return the speeds of a machine; `changed` multiplies the time of a cost, such as `c10`."""
    speeds = []
    for cost in range(8, 16):
        seconds = seconds_at_12 * 2.0 ** (cost - 12) * changed.get(f"c{cost}", 1)
        speeds.append(HashSpeed(cost=cost, seconds=seconds, per_second=cores / seconds, measured=cost < 14))
    return HashSpeeds(engine="interleaved", cores=cores, speeds=speeds)


@pytest.mark.parametrize(
    ("target", "cost"), [(0.250, 12), (0.180, 12), (0.350, 12), (0.170, 11), (0.360, 13), (1.0, 14), (60.0, 15)]
)
def test_the_proposed_cost_is_nearest_to_the_target_duration(target: float, cost: int) -> None:
    proposal = propose_cost(machine(), target=target)
    assert (proposal.speed.cost, list(proposal.warnings)) == (cost, [])


@pytest.mark.parametrize(("logins", "cost"), [(8, 12), (8.1, 11), (30, 10), (1, 15), (0.01, 15)])
def test_the_proposed_cost_is_the_highest_that_allows_the_logins(logins: float, cost: int) -> None:
    proposal = propose_cost(machine(), logins_per_second=logins)
    assert (proposal.speed.cost, list(proposal.warnings)) == (cost, [])


def test_a_target_that_allows_the_logins_is_met() -> None:
    proposal = propose_cost(machine(), target=0.125, logins_per_second=8)
    assert (proposal.speed.cost, list(proposal.warnings)) == (11, [])


def test_conflicting_targets_cause_a_warning_and_the_logins_decide() -> None:
    proposal = propose_cost(machine(), target=0.25, logins_per_second=30)
    assert proposal.speed.cost == 10
    (warning,) = proposal.warnings
    assert warning == (
        "the targets contradict each other: 250 ms ask for cost 12, 30 logins a second for 10 at the most"
    )


@pytest.mark.parametrize(("targets", "cost"), [({"target": 0.03}, 9), ({"logins_per_second": 100}, 8)])
def test_a_cost_below_ten_causes_a_warning(targets: dict[str, float], cost: int) -> None:
    proposal = propose_cost(machine(), **targets)
    assert proposal.speed.cost == cost
    (warning,) = proposal.warnings
    assert f"cost {cost} is below 10, the least that OWASP recommends" in warning


def test_the_warning_for_too_many_logins_states_the_necessary_cores() -> None:
    proposal = propose_cost(machine(), logins_per_second=1000)
    assert proposal.speed.cost == 8
    first, second = proposal.warnings
    assert first == (
        "even cost 8 allows 128 logins a second here and not 1000, which would need about 16 cores like these"
    )
    assert "OWASP" in second


@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_implausible_speeds_cause_a_warning(factor: float) -> None:
    (warning,) = propose_cost(machine(c11=factor), target=0.25).warnings
    assert "measure again" in warning


@given(
    seconds=st.floats(0.01, 5),
    cores=st.integers(1, 256),
    target=st.none() | st.floats(0.001, 60),
    logins=st.floats(0.01, 1e6),
)
def test_a_proposal_meets_its_targets_or_warns(seconds: float, cores: int, target: float | None, logins: float) -> None:
    measured = machine(seconds, cores)
    proposal = propose_cost(measured, target=target, logins_per_second=logins)
    assert proposal.speed.per_second >= logins or any("even cost 8" in warning for warning in proposal.warnings)
    assert proposal.speed.cost >= 10 or any("OWASP" in warning for warning in proposal.warnings)
    if target is not None:
        alone = propose_cost(measured, target=target).speed
        contradicted = any("contradict" in warning for warning in proposal.warnings)
        assert contradicted == (proposal.speed.cost < alone.cost)
