import pytest

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import Service
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.idempotency.idempotency_keys import IdempotencyKeyReused
from hexaccount.kernel.errors import InvalidInput
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.registration.register_user import RegisterUser
from tests.application.counted_bcrypt import CountedBcrypt
from tests.application.people import PASSWORD, registration

TEXTS = {
    "user_name": "Juliet",
    "email": "Juliet@example.org",
    "first_name": " Juliet ",
    "last_name": "Capulet",
    "password": PASSWORD,
}


def test_a_registered_user_is_found_as_they_registered(service: Service, clock: AdjustableClock) -> None:
    user_id = service.bus.handle(RegisterUser.of_text(**TEXTS, avatar_identifier="balcony", role=Role.ADMIN))
    user = service.bus.handle(GetUser(reference=str(user_id)))
    assert (user.id, user.user_name, user.email) == (user_id, "Juliet", "Juliet@example.org")
    assert (user.first_name, user.last_name, user.avatar_identifier) == ("Juliet", "Capulet", "balcony")
    assert (user.roles, user.disabled, user.registered_at) == (["user", "admin"], False, clock.now())


def test_a_user_without_an_avatar_of_their_own_gets_one_by_their_id(service: Service) -> None:
    user_id = service.bus.handle(registration())
    assert service.bus.handle(GetUser(reference="juliet")).avatar_identifier == user_id.hex


def test_a_password_is_stored_only_as_its_hash(service: Service) -> None:
    user_id = service.bus.handle(registration())
    with service.store.unit_of_work() as uow:
        stored = uow.users.get(user_id).password_hash
        entries = uow.journal.of("user", user_id)
    assert stored.startswith("$bcrypt-sha256$v=2,t=2b,r=4$")
    assert PASSWORD not in stored
    assert PASSWORD not in repr(entries)
    assert stored not in repr(entries)


@pytest.mark.parametrize(
    ("texts", "refusal"),
    [
        ({"user_name": "JULIET"}, UserNameTaken),
        ({"email": "JULIET@EXAMPLE.ORG", "user_name": "other"}, EmailTaken),
        ({"user_name": "\uff4auliet", "email": "juliet@example.org"}, UserNameTaken),
    ],
)
def test_a_name_or_address_is_taken_in_every_spelling_and_the_name_is_named_first(
    service: Service, texts: dict[str, str], refusal: type[Exception]
) -> None:
    service.bus.handle(RegisterUser.of_text(**TEXTS))
    with pytest.raises(refusal):
        service.bus.handle(RegisterUser.of_text(**{**TEXTS, "email": "other@example.org", **texts}))


def test_a_refused_registration_leaves_nothing(service: Service) -> None:
    service.bus.handle(registration("juliet"))
    with pytest.raises(EmailTaken):
        service.bus.handle(registration("romeo", email="juliet@example.org"))
    service.bus.handle(registration("romeo"))


def test_every_invalid_field_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refusal:
        RegisterUser.of_text(
            user_name="ro meo", email="romeo", first_name="", last_name="\0", password="short", avatar_identifier="/"
        )
    fields = {"user_name", "email", "first_name", "last_name", "password", "avatar_identifier"}
    assert refusal.value.errors.keys() == fields
    assert all(str(refusal.value).count(f"{field}: ") == 1 for field in fields)
    assert "short" not in refusal.value.errors["password"].replace("too short", "")


@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
@pytest.mark.parametrize(
    ("password", "reason"),
    [("Password1", "one of the most common passwords"), ("juliet.capulet.1597", "the account's own names or address")],
)
def test_a_password_that_would_be_guessed_first_is_refused_before_it_is_hashed(
    service: Service, password: str, reason: str, role: Role
) -> None:
    service.container.lane().close()
    with pytest.raises(InvalidInput) as refusal:
        service.bus.handle(RegisterUser.of_text(**{**TEXTS, "password": password}, role=role))
    assert list(refusal.value.errors) == ["password"]
    assert reason in refusal.value.errors["password"]
    assert password not in str(refusal.value)


def test_the_event_of_a_registration_gives_the_user_a_profile(service: Service, clock: AdjustableClock) -> None:
    user_id = service.bus.handle(registration())
    assert service.bus.handle(GetProfile(user_id=user_id)).updated_at is None
    service.deliver_all()
    profile = service.bus.handle(GetProfile(user_id=user_id))
    assert (profile.bio, profile.phone, profile.address, profile.updated_at) == (None, None, None, clock.now())


def keyed(**changes: str) -> RegisterUser:
    return RegisterUser.of_text(**{**TEXTS, "idempotency_key": "the client's own key", **changes})


def test_the_same_registration_with_the_same_key_is_answered_once_more(service: Service) -> None:
    user_id = service.bus.handle(keyed())
    assert [service.bus.handle(keyed()) for _ in range(3)] == [user_id] * 3
    assert [service.bus.handle(keyed(first_name="Juliet", password=PASSWORD))] == [user_id]


def test_an_answer_is_remembered_for_its_lifetime_and_not_longer(service: Service, clock: AdjustableClock) -> None:
    user_id = service.bus.handle(keyed())
    clock.advance(hours=24, milliseconds=-1)
    assert service.bus.handle(keyed()) == user_id
    clock.advance(milliseconds=1)
    with pytest.raises(UserNameTaken):
        service.bus.handle(keyed())


@pytest.mark.parametrize("changes", [{"password": "another battery"}, {"last_name": "Montague"}])
def test_a_key_of_another_registration_is_refused(service: Service, changes: dict[str, str]) -> None:
    service.bus.handle(keyed())
    with pytest.raises(IdempotencyKeyReused):
        service.bus.handle(keyed(**changes))


def test_another_role_is_another_registration(service: Service) -> None:
    service.bus.handle(keyed())
    with pytest.raises(IdempotencyKeyReused):
        service.bus.handle(RegisterUser.of_text(**TEXTS, idempotency_key="the client's own key", role=Role.ADMIN))


def test_a_refused_registration_may_be_sent_again_changed(service: Service) -> None:
    service.bus.handle(registration("juliet"))
    for _ in range(2):
        with pytest.raises(UserNameTaken):
            service.bus.handle(keyed())
    service.bus.handle(keyed(user_name="romeo", email="romeo@example.org"))


def test_a_registration_that_found_all_hashing_taken_may_be_sent_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise HashingOverloaded(1)

    with monkeypatch.context() as patched:
        patched.setattr(service.container.lane(), "run", refuse)
        with pytest.raises(HashingOverloaded):
            service.bus.handle(keyed())
    service.bus.handle(keyed())


def test_a_first_and_a_repeated_registration_are_the_same_work(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedBcrypt(monkeypatch)
    for work in (keyed(), keyed()):
        service.bus.handle(work)
        assert counted.costs == [4]
        counted.costs.clear()


def test_neither_key_nor_anything_of_the_request_is_stored_or_shown_with_its_digests(service: Service) -> None:
    command = keyed()
    service.bus.handle(command)
    assert "the client's own key" not in repr(command)
    (stored,) = service.store._tables.idempotency_records.values()
    for text in (*TEXTS.values(), "the client's own key"):
        assert text not in repr(stored)
