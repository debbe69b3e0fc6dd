from datetime import UTC, datetime
from uuid import UUID

import pytest

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.identity_map import IdentityMap
from tests.domain.accounts import USER_ID, registered_user

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def work() -> IdentityMap:
    return IdentityMap()


def stored_user() -> User:
    user = registered_user()
    user.pending.clear()
    return user


def causes(work: IdentityMap, recorder: EventRecorder) -> list[str | None]:
    return [entry.causation_id for change in work.changes(recorder) for entry in change.entries]


def test_an_aggregate_that_is_met_twice_is_one_object(work: IdentityMap) -> None:
    first = work.keep(stored_user())
    assert work.keep(stored_user()) is first
    assert work.find(User, USER_ID) is first


def test_two_kinds_of_aggregate_may_have_one_id(work: IdentityMap) -> None:
    user = work.keep(stored_user())
    profile = work.keep(Profile.create(USER_ID, NOON))
    assert work.find(User, USER_ID) is user
    assert work.find(Profile, USER_ID) is profile


def test_what_was_not_met_is_not_found(work: IdentityMap) -> None:
    assert work.find(User, UUID(int=1)) is None


def test_an_aggregate_without_events_is_no_change(work: IdentityMap, recorder: EventRecorder) -> None:
    work.keep(stored_user())
    assert work.changes(recorder) == []


def test_a_change_names_the_version_that_must_be_in_the_store(work: IdentityMap, recorder: EventRecorder) -> None:
    user = work.keep(stored_user())
    work.add(Profile.create(USER_ID, NOON))
    user.disable(NOON)
    user.enable(NOON)
    changed, added = work.changes(recorder)
    assert (changed.stored_version, [entry.sequence for entry in changed.entries]) == (1, [2, 3])
    assert (added.stored_version, [entry.sequence for entry in added.entries]) == (0, [1])


def test_an_entry_tells_of_its_event(work: IdentityMap, recorder: EventRecorder) -> None:
    work.add(registered_user())
    (change,) = work.changes(recorder)
    (entry,) = change.entries
    assert entry.type == "hexaccount.user.registered.v1"
    assert entry.dataschema == "urn:hexaccount:schema:hexaccount.user.registered.v1"
    assert (entry.source, entry.subject, entry.time) == ("urn:hexaccount:test", USER_ID, NOON)
    assert (entry.aggregate, entry.aggregate_id) == ("user", USER_ID)
    assert entry.data["user_name"] == "Juliet"


def test_each_event_has_the_cause_under_which_its_aggregate_was_looked_up(
    work: IdentityMap, recorder: EventRecorder
) -> None:
    with caused_by(Cause(causation_id="first", traceparent="00-a")):
        user = work.keep(stored_user())
        user.disable(NOON)
    with caused_by(Cause(causation_id="second")):
        user = work.keep(stored_user())
        user.enable(NOON)
        user.disable(NOON)
    with caused_by(Cause(causation_id="third")):
        work.find(User, USER_ID)
    assert causes(work, recorder) == ["first", "second", "second"]
    (change,) = work.changes(recorder)
    assert [entry.traceparent for entry in change.entries] == ["00-a", None, None]


def test_a_later_look_does_not_claim_events_that_were_there_before(work: IdentityMap, recorder: EventRecorder) -> None:
    with caused_by(Cause(causation_id="first")):
        work.add(registered_user())
    with caused_by(Cause(causation_id="second")):
        found = work.find(User, USER_ID)
        assert found
        found.disable(NOON)
    assert causes(work, recorder) == ["first", "second"]


def test_work_without_a_cause_says_so(work: IdentityMap, recorder: EventRecorder) -> None:
    work.add(registered_user())
    assert causes(work, recorder) == [None]


def test_after_a_commit_only_what_comes_later_is_a_change(work: IdentityMap, recorder: EventRecorder) -> None:
    user = registered_user()
    with caused_by(Cause(causation_id="first")):
        work.add(user)
    work.acknowledge(work.changes(recorder))
    assert work.changes(recorder) == []
    with caused_by(Cause(causation_id="second")):
        work.find(User, USER_ID)
        user.disable(NOON)
    assert causes(work, recorder) == ["second"]


def test_what_was_not_committed_is_forgotten(work: IdentityMap, recorder: EventRecorder) -> None:
    work.add(registered_user())
    work.forget()
    assert work.find(User, USER_ID) is None
    assert work.changes(recorder) == []
