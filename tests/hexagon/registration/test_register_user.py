import pytest

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.role import Role
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service
from hexaccount.kernel.errors import InvalidInput
from hexaccount.registration.register_user import RegisterUser
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.hexagon.passwords.counted_bcrypt import CountedBcrypt
from tests.people import PASSWORD, registration

TEXTS = {
    "user_name": "Juliet",
    "email": "Juliet@example.org",
    "first_name": " Juliet ",
    "last_name": "Capulet",
    "password": PASSWORD,
}


def test_a_registered_user_has_the_entered_data(service: Service, clock: AdjustableClock) -> None:
    user_id = service.bus.handle(RegisterUser.of_text(**TEXTS, avatar_identifier="balcony", role=Role.ADMIN))
    user = service.bus.handle(GetUser(reference=str(user_id)))
    assert (user.id, user.user_name, user.email) == (user_id, "Juliet", "Juliet@example.org")
    assert (user.first_name, user.last_name, user.avatar_identifier) == ("Juliet", "Capulet", "balcony")
    assert (user.roles, user.disabled, user.registered_at) == (["user", "admin"], False, clock.now())


def test_the_default_avatar_identifier_is_the_user_id(service: Service) -> None:
    user_id = service.bus.handle(registration())
    assert service.bus.handle(GetUser(reference="juliet")).avatar_identifier == user_id.hex


def test_a_password_is_stored_only_as_its_hash(service: Service) -> None:
    user_id = service.bus.handle(registration())
    with service.store.unit_of_work() as uow:
        stored = Users(uow).get(user_id).password_hash
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
def test_a_name_or_address_is_taken_in_every_spelling_and_the_name_is_reported_first(
    service: Service, texts: dict[str, str], refusal: type[Exception]
) -> None:
    service.bus.handle(RegisterUser.of_text(**TEXTS))
    with pytest.raises(refusal):
        service.bus.handle(RegisterUser.of_text(**{**TEXTS, "email": "other@example.org", **texts}))


def test_a_refused_registration_stores_nothing(service: Service) -> None:
    service.bus.handle(registration("juliet"))
    with pytest.raises(EmailTaken):
        service.bus.handle(registration("romeo", email="juliet@example.org"))
    service.bus.handle(registration("romeo"))


def test_all_invalid_fields_are_reported_together() -> None:
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
def test_an_easily_guessed_password_is_refused_before_hashing(
    service: Service, password: str, reason: str, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedBcrypt(monkeypatch)
    with pytest.raises(InvalidInput) as refusal:
        service.bus.handle(RegisterUser.of_text(**{**TEXTS, "password": password}, role=role))
    assert list(refusal.value.errors) == ["password"]
    assert reason in refusal.value.errors["password"]
    assert password not in str(refusal.value)
    assert counted.costs == []


def test_the_registration_event_creates_a_profile(service: Service, clock: AdjustableClock) -> None:
    user_id = service.bus.handle(registration())
    assert service.bus.handle(GetProfile(user_id=user_id)).updated_at is None
    service.deliver_all()
    profile = service.bus.handle(GetProfile(user_id=user_id))
    assert (profile.bio, profile.phone, profile.address, profile.updated_at) == (None, None, None, clock.now())
