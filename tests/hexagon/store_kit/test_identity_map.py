from datetime import UTC, datetime
from uuid import UUID

import pytest

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.identity_map import IdentityMap
from tests.hexagon.sample_accounts import USER_ID, registered_user

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def identity_map() -> IdentityMap:
    return IdentityMap()


def stored_user() -> User:
    user = registered_user()
    user.pending.clear()
    return user


def causes(identity_map: IdentityMap, recorder: EventRecorder) -> list[str | None]:
    return [entry.causation_id for change in identity_map.changes(recorder) for entry in change.entries]


def test_an_aggregate_that_is_tracked_twice_is_one_object(identity_map: IdentityMap) -> None:
    first = identity_map.track(stored_user())
    assert identity_map.track(stored_user()) is first
    assert identity_map.find(User, USER_ID) is first


def test_two_kinds_of_aggregate_may_have_one_id(identity_map: IdentityMap) -> None:
    user = identity_map.track(stored_user())
    profile = identity_map.track(Profile.create(USER_ID, NOON))
    assert identity_map.find(User, USER_ID) is user
    assert identity_map.find(Profile, USER_ID) is profile


def test_an_untracked_aggregate_is_not_found(identity_map: IdentityMap) -> None:
    assert identity_map.find(User, UUID(int=1)) is None


def test_an_aggregate_without_events_has_no_change(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    identity_map.track(stored_user())
    assert identity_map.changes(recorder) == []


def test_a_change_has_the_expected_stored_version(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    user = identity_map.track(stored_user())
    identity_map.add(Profile.create(USER_ID, NOON))
    user.disable(NOON)
    user.enable(NOON)
    changed, added = identity_map.changes(recorder)
    assert (changed.stored_version, [entry.sequence for entry in changed.entries]) == (1, [2, 3])
    assert (added.stored_version, [entry.sequence for entry in added.entries]) == (0, [1])


def test_a_journal_entry_contains_its_event(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    identity_map.add(registered_user())
    (change,) = identity_map.changes(recorder)
    (entry,) = change.entries
    assert entry.type == "hexaccount.user.registered.v1"
    assert entry.dataschema == "urn:hexaccount:schema:hexaccount.user.registered.v1"
    assert (entry.source, entry.subject, entry.time) == ("urn:hexaccount:test", USER_ID, NOON)
    assert (entry.aggregate, entry.aggregate_id) == ("user", USER_ID)
    assert entry.data["user_name"] == "Juliet"


def test_each_event_has_the_cause_under_which_its_aggregate_was_found(
    identity_map: IdentityMap, recorder: EventRecorder
) -> None:
    with caused_by(Cause(causation_id="first", traceparent="00-a")):
        user = identity_map.track(stored_user())
        user.disable(NOON)
    with caused_by(Cause(causation_id="second")):
        user = identity_map.track(stored_user())
        user.enable(NOON)
        user.disable(NOON)
    with caused_by(Cause(causation_id="third")):
        identity_map.find(User, USER_ID)
    assert causes(identity_map, recorder) == ["first", "second", "second"]
    (change,) = identity_map.changes(recorder)
    assert [entry.traceparent for entry in change.entries] == ["00-a", None, None]


def test_finding_an_aggregate_again_keeps_the_cause_of_earlier_events(
    identity_map: IdentityMap, recorder: EventRecorder
) -> None:
    with caused_by(Cause(causation_id="first")):
        identity_map.add(registered_user())
    with caused_by(Cause(causation_id="second")):
        found = identity_map.find(User, USER_ID)
        assert found
        found.disable(NOON)
    assert causes(identity_map, recorder) == ["first", "second"]


def test_events_without_a_cause_have_none(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    identity_map.add(registered_user())
    assert causes(identity_map, recorder) == [None]


def test_after_a_commit_only_later_events_are_changes(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    user = registered_user()
    with caused_by(Cause(causation_id="first")):
        identity_map.add(user)
    identity_map.committed(identity_map.changes(recorder))
    assert identity_map.changes(recorder) == []
    with caused_by(Cause(causation_id="second")):
        identity_map.find(User, USER_ID)
        user.disable(NOON)
    assert causes(identity_map, recorder) == ["second"]


def test_clearing_discards_uncommitted_changes(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    identity_map.add(registered_user())
    identity_map.clear()
    assert identity_map.find(User, USER_ID) is None
    assert identity_map.changes(recorder) == []
