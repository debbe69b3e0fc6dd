import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.kernel.identifiers import first_id_at
from hexaccount_system import Uuid7Identifiers

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

stamps = st.integers(1, 10**13)  # milliseconds: until the year 2286
near = st.sampled_from([-1, 0, 1]) | st.integers(-(10**12), 10**12)


@given(stamp=stamps, distance=near)
def test_only_identifiers_made_before_a_moment_sort_before_its_first_id(stamp: int, distance: int) -> None:
    made_at = max(0, stamp + distance)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: made_at * 1_000_000)
        made = Uuid7Identifiers().new()
    first = first_id_at(EPOCH + stamp * MILLISECOND)
    assert (made < first) == (made_at < stamp)
