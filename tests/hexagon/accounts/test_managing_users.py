from uuid import uuid4

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.list_users import ListUsers
from hexaccount.bootstrap.service import Service
from tests.people import registration


def test_pages_list_every_user_exactly_once(service: Service) -> None:
    registered = [service.bus.handle(registration(f"user{number}")) for number in range(7)]
    listed, after, sizes = [], None, []
    while True:
        page = service.bus.handle(ListUsers(limit=3, after=after))
        listed += [user.id for user in page.users]
        sizes.append(len(page.users))
        if page.next is None:
            break
        after = page.next
    assert listed == sorted(registered)
    assert sizes == [3, 3, 1]


def test_a_full_last_page_has_no_next_page(service: Service) -> None:
    for number in range(3):
        service.bus.handle(registration(f"user{number}"))
    assert service.bus.handle(ListUsers(limit=3)).next is None


def test_the_page_after_the_last_user_is_empty(service: Service) -> None:
    user_id = service.bus.handle(registration())
    page = service.bus.handle(ListUsers(after=user_id))
    assert (list(page.users), page.next) == ([], None)


@pytest.mark.parametrize("limit", [-1, 0, 201])
def test_a_page_has_1_to_200_users(limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        ListUsers(limit=limit)


@pytest.mark.parametrize("reference", ["juliet", "JULIET", " juliet\n", "Juliet@EXAMPLE.org "])
def test_a_user_is_found_by_name_or_email_address_in_any_spelling(service: Service, reference: str) -> None:
    user_id = service.bus.handle(registration())
    assert service.bus.handle(GetUser(reference=reference)).id == user_id


def test_a_user_is_found_by_id(service: Service) -> None:
    user_id = service.bus.handle(registration())
    for reference in (str(user_id), f" {user_id}\n"):
        assert service.bus.handle(GetUser(reference=reference)).id == user_id


@pytest.mark.parametrize(
    "reference",
    ["", "romeo", "romeo@example.org", "ro meo", "@", "x" * 100_000, "00000000-0000-0000-0000-000000000007"],
)
def test_an_unknown_user_is_not_found(service: Service, reference: str) -> None:
    service.bus.handle(registration())
    with pytest.raises(UserNotFound):
        service.bus.handle(GetUser(reference=reference))


@pytest.mark.parametrize("spelling", ["{{{id}}}", "urn:uuid:{id}", "{id.hex}-"])
def test_a_user_name_is_never_read_as_the_id_of_another_user(service: Service, spelling: str) -> None:
    name = spelling.format(id=service.bus.handle(registration("juliet")))
    second = service.bus.handle(registration(name, email="second@example.org"))
    assert service.bus.handle(GetUser(reference=name)).id == second


@pytest.mark.parametrize("command", [DisableUser(user_id=uuid4()), EnableUser(user_id=uuid4())])
def test_an_unknown_user_cannot_be_disabled_or_enabled(service: Service, command) -> None:
    with pytest.raises(UserNotFound):
        service.bus.handle(command)


def test_disabling_and_enabling_twice_records_one_event_each(service: Service) -> None:
    user_id = service.bus.handle(registration())
    for command in (DisableUser, DisableUser, EnableUser, EnableUser):
        service.bus.handle(command(user_id=user_id))
    with service.store.unit_of_work() as uow:
        types = [entry.type.split(".")[2] for entry in uow.journal.of("user", user_id)]
    assert types == ["registered", "disabled", "enabled"]
    assert not service.bus.handle(GetUser(reference="juliet")).disabled
