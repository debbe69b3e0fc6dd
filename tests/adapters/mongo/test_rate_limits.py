import pytest

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.adapters.mongo.conftest import open_store
from tests.people import PASSWORD, registration
from tests.plans.mongodb import sent_commands
from tests.signing_key import SIGNING_KEY


def test_a_first_guess_sends_the_same_commands_whether_or_not_an_owner_has_logged_in(url: str) -> None:
    """By the other name and from elsewhere, so that the account alone has documents."""
    settings = Settings(store="memory://", jwt=JwtSettings(key=SIGNING_KEY), password=PasswordSettings(cost=4))
    sent_for = []
    with sent_commands() as sent:
        store = open_store(url)
        store.migrate()
        with open_service(settings, store=store, clock=AdjustableClock(), rate_limits=store.rate_limits) as service:
            service.bus.handle(registration("juliet"))
            service.bus.handle(LogIn(user_name="juliet@example.org", password=PASSWORD, client_address="192.0.2.7"))
            for number, name in enumerate(("juliet", "romeo")):
                sent.clear()
                with pytest.raises(WrongCredentials):
                    service.bus.handle(LogIn(user_name=name, password="wrong", client_address=f"203.0.113.{number}"))
                sent_for.append([(next(iter(command)), len(command.get("updates", ()))) for command in sent])
    assert sent_for[0] == sent_for[1]
    assert [updates for name, updates in sent_for[0] if name == "update"] == [4, 2]
