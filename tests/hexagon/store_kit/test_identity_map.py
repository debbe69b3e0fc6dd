from datetime import UTC, datetime
from uuid import UUID

import pytest

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.profiles import PROFILES
from hexaccount.accounts.user import User
from hexaccount.accounts.users import USERS
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.identity_map import IdentityMap, Tracked
from hexaccount.store_kit.transaction import RowChange, StoredRow
from tests.hexagon.sample_accounts import USER_ID, registered_user
from tests.hexagon.store_kit.seats import SEATS, Seat

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
REVISION = 4
SEAT = Seat(number=1, label="a")


@pytest.fixture
def identity_map() -> IdentityMap:
    return IdentityMap()


def stored_user() -> StoredRow:
    return StoredRow(USERS.dump(registered_user()), REVISION)


def stored_seat() -> StoredRow:
    return StoredRow(SEATS.dump(SEAT), REVISION)


def tracked_user(identity_map: IdentityMap) -> Tracked:
    tracked = identity_map.find(USERS, USER_ID)
    assert tracked
    return tracked


def changes(identity_map: IdentityMap) -> list[RowChange]:
    return [change for tracked in identity_map if (change := tracked.change())]


def entries(identity_map: IdentityMap, recorder: EventRecorder) -> list[JournalEntry]:
    return [entry for tracked in identity_map for entry in tracked.entries(recorder)]


def causes(identity_map: IdentityMap, recorder: EventRecorder) -> list[str | None]:
    return [entry.causation_id for entry in entries(identity_map, recorder)]


def commit(identity_map: IdentityMap) -> None:
    for tracked in identity_map:
        if (change := tracked.change()) is not None:
            tracked.committed(change)


def test_a_record_that_is_tracked_twice_is_one_object(identity_map: IdentityMap) -> None:
    first = identity_map.track(USERS, stored_user())
    assert identity_map.track(USERS, stored_user()) is first
    assert tracked_user(identity_map).look_up() is first


def test_a_tracked_record_keeps_the_revision_in_which_it_was_read_first(identity_map: IdentityMap) -> None:
    first: User = identity_map.track(USERS, stored_user())
    later = registered_user()
    later.disable(NOON)
    assert identity_map.track(USERS, StoredRow(USERS.dump(later), REVISION + 1)) is first
    assert (tracked_user(identity_map).revision, first.disabled) == (REVISION, False)


def test_two_types_of_records_may_have_one_key(identity_map: IdentityMap) -> None:
    user = identity_map.track(USERS, stored_user())
    profile = identity_map.track(PROFILES, StoredRow(PROFILES.dump(Profile.create(USER_ID, NOON)), 1))
    found = identity_map.find(PROFILES, USER_ID)
    assert found
    assert found.look_up() is profile
    assert tracked_user(identity_map).look_up() is user
    assert [tracked.record for tracked in identity_map] == [user, profile]


def test_an_untracked_record_is_not_found(identity_map: IdentityMap) -> None:
    identity_map.track(USERS, stored_user())
    assert identity_map.find(USERS, UUID(int=1)) is None
    assert identity_map.find(PROFILES, USER_ID) is None


def test_a_record_is_absent_once_that_is_noted(identity_map: IdentityMap) -> None:
    assert not identity_map.is_absent(USERS, USER_ID)
    identity_map.note_absent(USERS, USER_ID)
    assert identity_map.is_absent(USERS, USER_ID)
    assert not identity_map.is_absent(PROFILES, USER_ID)
    assert not identity_map.is_absent(USERS, UUID(int=1))
    identity_map.add(USERS, registered_user())
    assert tracked_user(identity_map).revision == 0


def test_a_record_that_is_as_it_was_read_has_no_change(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    identity_map.track(USERS, stored_user())
    identity_map.track(SEATS, stored_seat())
    assert changes(identity_map) == []
    assert entries(identity_map, recorder) == []


def test_a_change_has_the_expected_revision(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    user: User = identity_map.track(USERS, stored_user())
    profile = Profile.create(USER_ID, NOON)
    identity_map.add(PROFILES, profile)
    user.disable(NOON)
    user.enable(NOON)
    changed, added = changes(identity_map)
    assert (changed.record_type, changed.key, changed.revision, changed.is_new) == (USERS, USER_ID, REVISION, False)
    assert (added.record_type, added.key, added.revision, added.is_new) == (PROFILES, USER_ID, 0, True)
    assert changed.next_revision == REVISION + 1
    assert (changed.values, changed.record) == (USERS.dump(user), user)
    assert (added.values, added.record) == (PROFILES.dump(profile), profile)
    assert [(entry.aggregate, entry.sequence) for entry in entries(identity_map, recorder)] == [
        ("user", 2),
        ("user", 3),
        ("profile", 1),
    ]


def test_a_change_without_an_event_has_no_journal_entry(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    user: User = identity_map.track(USERS, stored_user())
    user.password_hash = "$another"
    (change,) = changes(identity_map)
    assert change.values == USERS.dump(user)
    assert entries(identity_map, recorder) == []


def test_a_record_that_is_not_an_aggregate_has_changes_and_no_journal_entries(
    identity_map: IdentityMap, recorder: EventRecorder
) -> None:
    identity_map.track(SEATS, stored_seat())
    new = Seat(number=2)
    identity_map.add(SEATS, new)
    replaced = identity_map.find(SEATS, 1)
    assert replaced
    replaced.record = Seat(number=1, label="b")
    assert [(change.key, change.revision, change.values) for change in changes(identity_map)] == [
        (1, REVISION, SEATS.dump(Seat(number=1, label="b"))),
        (2, 0, SEATS.dump(new)),
    ]
    assert entries(identity_map, recorder) == []


def test_a_record_that_is_replaced_by_an_equal_one_has_no_change(identity_map: IdentityMap) -> None:
    identity_map.track(SEATS, stored_seat())
    tracked = identity_map.find(SEATS, 1)
    assert tracked
    tracked.record = Seat(number=1, label="b")
    tracked.record = Seat(number=1, label="a")
    assert changes(identity_map) == []


def test_a_removed_record_is_not_found_again_and_its_change_has_no_values(identity_map: IdentityMap) -> None:
    identity_map.track(SEATS, stored_seat())
    tracked = identity_map.find(SEATS, 1)
    assert tracked
    tracked.removed = True
    assert tracked.look_up() is None
    assert identity_map.track(SEATS, stored_seat()) is None
    (change,) = changes(identity_map)
    assert (change.key, change.revision, change.values, change.record) == (1, REVISION, None, SEAT)
    commit(identity_map)
    assert changes(identity_map) == []
    assert tracked.look_up() is None


def test_a_record_that_is_added_and_removed_has_no_change(identity_map: IdentityMap) -> None:
    identity_map.add(SEATS, SEAT)
    tracked = identity_map.find(SEATS, 1)
    assert tracked
    tracked.removed = True
    assert changes(identity_map) == []


def test_a_record_that_takes_the_place_of_a_removed_one_is_its_update(identity_map: IdentityMap) -> None:
    identity_map.track(SEATS, stored_seat())
    tracked = identity_map.find(SEATS, 1)
    assert tracked
    tracked.removed = True
    successor = Seat(number=1, label="b")
    identity_map.add(SEATS, successor)
    found = identity_map.find(SEATS, 1)
    assert found
    assert found.look_up() is identity_map.track(SEATS, stored_seat()) is successor
    (change,) = changes(identity_map)
    assert (change.revision, change.next_revision, change.is_new) == (REVISION, REVISION + 1, False)
    assert (change.values, change.record) == (SEATS.dump(successor), successor)
    commit(identity_map)
    assert changes(identity_map) == []


def test_a_record_that_takes_the_place_of_an_equal_one_has_no_change(identity_map: IdentityMap) -> None:
    identity_map.track(SEATS, stored_seat())
    tracked = identity_map.find(SEATS, 1)
    assert tracked
    tracked.removed = True
    identity_map.add(SEATS, Seat(number=1, label="a"))
    assert changes(identity_map) == []


def test_a_record_that_is_added_removed_and_added_again_is_new(identity_map: IdentityMap) -> None:
    identity_map.add(SEATS, SEAT)
    tracked = identity_map.find(SEATS, 1)
    assert tracked
    tracked.removed = True
    identity_map.add(SEATS, Seat(number=1, label="b"))
    (change,) = changes(identity_map)
    assert (change.revision, change.is_new, change.values) == (0, True, SEATS.dump(Seat(number=1, label="b")))


def test_a_record_that_is_added_while_one_with_its_key_is_tracked_is_new(identity_map: IdentityMap) -> None:
    identity_map.track(SEATS, stored_seat())
    identity_map.add(SEATS, Seat(number=1, label="b"))
    (change,) = changes(identity_map)
    assert (change.revision, change.is_new) == (0, True)


def test_the_first_revision_of_a_record_is_random(identity_map: IdentityMap) -> None:
    for number in range(100):
        identity_map.add(SEATS, Seat(number=number))
    first = [change.next_revision for change in changes(identity_map)]
    assert all(1 <= revision <= 2**30 for revision in first)
    assert len(set(first)) > 90
    assert max(first) > 2**29
    assert min(first) < 2**29


def test_a_journal_entry_contains_its_event(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    identity_map.add(USERS, registered_user())
    (entry,) = entries(identity_map, recorder)
    assert entry.type == "hexaccount.user.registered.v1"
    assert entry.dataschema == "urn:hexaccount:schema:hexaccount.user.registered.v1"
    assert (entry.source, entry.subject, entry.time) == ("urn:hexaccount:test", USER_ID, NOON)
    assert (entry.aggregate, entry.aggregate_id) == ("user", USER_ID)
    assert entry.data["user_name"] == "Juliet"


def test_each_event_has_the_cause_under_which_its_aggregate_was_found(
    identity_map: IdentityMap, recorder: EventRecorder
) -> None:
    with caused_by(Cause(causation_id="first", traceparent="00-a")):
        user: User = identity_map.track(USERS, stored_user())
        user.disable(NOON)
    with caused_by(Cause(causation_id="second")):
        user = identity_map.track(USERS, stored_user())
        user.enable(NOON)
        user.disable(NOON)
    with caused_by(Cause(causation_id="third")):
        tracked_user(identity_map).look_up()
    assert causes(identity_map, recorder) == ["first", "second", "second"]
    assert [entry.traceparent for entry in entries(identity_map, recorder)] == ["00-a", None, None]


def test_finding_an_aggregate_again_keeps_the_cause_of_earlier_events(
    identity_map: IdentityMap, recorder: EventRecorder
) -> None:
    with caused_by(Cause(causation_id="first")):
        identity_map.add(USERS, registered_user())
    with caused_by(Cause(causation_id="second")):
        found: User = tracked_user(identity_map).look_up()
        found.disable(NOON)
    assert causes(identity_map, recorder) == ["first", "second"]


def test_events_without_a_cause_have_none(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    identity_map.add(USERS, registered_user())
    assert causes(identity_map, recorder) == [None]


def test_after_a_commit_only_later_events_are_changes(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    user = registered_user()
    with caused_by(Cause(causation_id="first")):
        identity_map.add(USERS, user)
    commit(identity_map)
    assert changes(identity_map) == []
    assert entries(identity_map, recorder) == []
    with caused_by(Cause(causation_id="second")):
        tracked_user(identity_map).look_up()
        user.disable(NOON)
    assert causes(identity_map, recorder) == ["second"]
    (change,) = changes(identity_map)
    assert (change.revision, change.is_new) == (tracked_user(identity_map).revision, False)


def test_each_commit_expects_the_revision_that_the_one_before_has_stored(identity_map: IdentityMap) -> None:
    user: User = identity_map.track(USERS, stored_user())
    expected = []
    for _ in range(3):
        user.end_sessions(NOON)
        expected += [change.revision for change in changes(identity_map)]
        commit(identity_map)
    assert expected == [REVISION, REVISION + 1, REVISION + 2]


def test_clearing_discards_uncommitted_changes(identity_map: IdentityMap, recorder: EventRecorder) -> None:
    identity_map.add(USERS, registered_user())
    identity_map.note_absent(PROFILES, USER_ID)
    identity_map.clear()
    assert identity_map.find(USERS, USER_ID) is None
    assert not identity_map.is_absent(PROFILES, USER_ID)
    assert changes(identity_map) == []
    assert entries(identity_map, recorder) == []
