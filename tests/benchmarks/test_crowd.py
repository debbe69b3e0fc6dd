from itertools import pairwise

from benchmarks.crowd import Crowd
from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import UserName
from hexaccount_system import Uuid7Identifiers

_CROWD = Crowd("hash")


def test_members_equal_the_users_of_registrations() -> None:
    members = list(_CROWD.members(500))
    assert all(earlier.id < later.id for earlier, later in pairwise(members))
    assert all(member.id.version == 7 for member in members)
    assert members[-1].id < Uuid7Identifiers().new()
    assert len({member.name.key for member in members}) == len({member.email.key for member in members}) == 500
    for number, member in enumerate(members):
        assert member.id == _CROWD.id_of(number)
        assert UserName(_CROWD.name_of(number)) == member.name
        assert EmailAddress(_CROWD.email_of(number)) == member.email


def test_names_do_not_ascend_with_ids() -> None:
    names = [_CROWD.name_of(number) for number in range(500)]
    ascents = sum(earlier < later for earlier, later in pairwise(names))
    assert 200 < ascents < 300
