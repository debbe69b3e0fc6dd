from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexaccount.signing_keys.key_schedule import LONGEST_UNREAD, OUTLIVES, KeySchedule
from hexaccount.signing_keys.ports import StoredKey

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIFETIME = timedelta(seconds=60)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def key(kid: str, begins: float, retired: float | None = None, made: float = 0) -> StoredKey:
    return StoredKey(
        kid=kid,
        algorithm="EdDSA",
        sealed="",
        created_at=at(made),
        signs_from=at(begins),
        retired_at=None if retired is None else at(retired),
    )


def schedule(*keys: StoredKey) -> KeySchedule:
    return KeySchedule(keys, lifetime=LIFETIME)


def signer(at_seconds: float, *keys: StoredKey) -> str:
    found = schedule(*keys).signer(at(at_seconds))
    return found.kid if found else "root"


def test_the_root_key_signs_until_the_first_key_begins() -> None:
    assert [signer(second, key("a", 10)) for second in (0, 9.999, 10, 11)] == ["root", "root", "a", "a"]


def test_the_key_that_began_last_signs_in_any_order_of_creation() -> None:
    keys = key("b", 20, made=1), key("a", 10, made=2), key("c", 30)
    assert [signer(second, *keys) for second in (5, 10, 20, 29, 30)] == ["root", "a", "b", "b", "c"]


def test_the_previous_key_signs_again_after_a_retirement() -> None:
    keys = key("a", 10), key("b", 20, retired=25)
    assert [signer(second, *keys) for second in (24, 25, 26)] == ["b", "a", "a"]


def test_the_root_key_signs_if_all_keys_are_retired() -> None:
    assert signer(30, key("a", 10, retired=15)) == "root"


def test_signing_and_waiting_keys_have_no_end() -> None:
    times = schedule(key("a", 10), key("b", 20))
    assert times.verifies_until(times.keys[1]) is None
    assert schedule().verifies_until(None) is None


def test_a_replaced_key_verifies_until_its_last_token_expires() -> None:
    times = schedule(key("a", 10), key("b", 20))
    assert times.verifies_until(None) == at(10) + LIFETIME + OUTLIVES
    assert times.verifies_until(times.keys[0]) == at(20) + LIFETIME + OUTLIVES


def test_a_retired_key_verifies_until_its_last_token_expires() -> None:
    times = schedule(key("a", 10), key("b", 20, retired=15), key("c", 30, retired=32))
    assert times.verifies_until(times.keys[2]) == at(32) + LIFETIME + OUTLIVES
    assert times.verifies_until(times.keys[0]) is None


def test_a_key_retired_long_before_it_began_has_no_tokens() -> None:
    times = schedule(key("a", 10), key("b", 144, retired=20))
    assert times.verifies_until(times.keys[1]) == at(20)


@pytest.mark.parametrize(("begins", "may"), [(-1, True), (0, True), (124, True), (125, False)])
def test_a_key_may_have_signed_in_a_process_whose_clock_is_ahead(begins: float, may: bool) -> None:
    waiting = key("a", begins)
    assert schedule(waiting).may_have_signed(waiting, NOW) is may


@st.composite
def histories(draw: st.DrawFn) -> list[StoredKey]:
    """Return keys with the times of their creation and retirement."""
    keys = []
    for number in range(draw(st.integers(1, 4))):
        made = draw(st.integers(0, 100))
        begins = made + draw(st.sampled_from([0, 0, 1, 5, 30]))
        retired = draw(st.none() | st.integers(made, made + 80))
        keys.append(key(str(number), begins, retired, made))
    return keys


def keys_read(history: list[StoredKey], moment: float) -> KeySchedule:
    """Return the schedule of a process that has read the keys at a moment."""
    read = [each for each in history if each.created_at <= at(moment)]
    return schedule(
        *(each if each.retired_at is None or each.retired_at <= at(moment) else replace(each, retired_at=None)
          for each in read)
    )  # fmt: skip


@settings(max_examples=5 * settings.default.max_examples)
@given(data=st.data(), history=histories())
def test_no_token_outlives_its_key(data: st.DataObject, history: list[StoredKey]) -> None:
    unread = st.integers(0, int(LONGEST_UNREAD.total_seconds()))
    changes = [moment for each in history for moment in (each.created_at, each.signs_from, each.retired_at) if moment]
    change = (data.draw(st.sampled_from(changes)) - NOW).total_seconds()
    # The admin's clock is right, and those of the others are no more than two minutes apart from it and each other.
    first = data.draw(st.sampled_from([-120, -60, 0]), "the last of the clocks differs by")
    clocks = st.sampled_from([first, first + 60, first + 120])
    signer, verifier, other = (data.draw(clocks, name) for name in ("signer", "verifier", "other verifier"))
    signed = change - signer + data.draw(st.integers(-2, 6), "signed after a change")
    read = signed - data.draw(unread, "the signer's keys are as old as")
    found = keys_read(history, read).signer(at(signed + signer))
    # Up to its expiry, which the clock of another verifier decides; this one publishes the key.
    used = max(signed, signed + signer - other + data.draw(st.sampled_from([0, 1, 30, 58, 59]), "used after"))
    read_by_verifier = max(read, used - data.draw(unread, "the verifier's keys are as old as"))
    times = keys_read(history, read_by_verifier)
    same = next((each for each in times.keys if found is not None and each.kid == found.kid), None)
    assert (same is None) == (found is None)
    end = times.verifies_until(same)
    if end is not None and end <= at(used + verifier):
        # The verifier reads the keys again before it rejects: the key signs again if its successor was retired.
        times = keys_read(history, used)
        same = next((each for each in times.keys if found is not None and each.kid == found.kid), None)
        end = times.verifies_until(same)
    assert end is None or at(used + verifier) < end


def test_retiring_a_key_does_not_extend_earlier_ones() -> None:
    before = [schedule(key("a", 10, retired), key("b", 20)).verifies_until(None) for retired in (None, 20, 25, 90)]
    assert set(before) == {at(10) + LIFETIME + OUTLIVES}
    gap = schedule(key("a", 10, 15), key("b", 20)).verifies_until(None)
    assert gap == at(20) + LIFETIME + OUTLIVES
