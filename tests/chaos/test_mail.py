"""Relays are killed while many people recover their accounts: each gets a message, and one token of those works."""

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, MailSettings, PasswordSettings, Settings
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.kernel.errors import Refusal
from hexaccount.mail.complete_recovery import CompleteRecovery
from hexaccount.mail.one_time_token import OneTimeToken
from hexaccount.mail.request_recovery import RequestRecovery
from tests.chaos.disruption import SEED, wait_until
from tests.chaos.fleet import Fleet, running_fleet
from tests.people import PASSWORD
from tests.servers.smtp import SmtpHandler, running_smtp
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

RELAYS = 3
BASE = "https://example.org/account"
SENDER = "accounts@example.org"


@pytest.fixture
def smtp() -> Iterator[SmtpHandler]:
    with running_smtp() as handler:
        yield handler


@pytest.fixture
def url(smtp: SmtpHandler) -> str:
    return f"smtp://127.0.0.1:{smtp.port}?tls=none"


@pytest.fixture
def service(store_url: str, url: str) -> Iterator[Service]:
    """Yield a service on the store without relays of its own: those of the fleet send."""
    settings = Settings(
        store=store_url,
        jwt=JwtSettings(key=SIGNING_KEY),
        password=PasswordSettings(cost=4),
        mail=MailSettings(url=url, sender=SENDER, link_base=BASE),
    )
    with open_service(settings) as service:
        service.store.migrate()
        service.subscribe()
        yield service


@pytest.fixture
def fleet(store_url: str, url: str, tmp_path: Path, service: Service) -> Iterator[Fleet]:
    settings = {
        "HEXACCOUNT_STORE": store_url,
        "HEXACCOUNT_JWT__KEY": SIGNING_KEY,
        "HEXACCOUNT_RELAY__LEASE": "1",
        "HEXACCOUNT_MAIL__URL": url,
        "HEXACCOUNT_MAIL__SENDER": SENDER,
        "HEXACCOUNT_MAIL__LINK_BASE": BASE,
    }
    with running_fleet(tmp_path, settings, size=RELAYS) as fleet:
        yield fleet


@pytest.mark.parametrize("recoveries", [50, pytest.param(500, marks=pytest.mark.slow)])
def test_killed_relays_lose_no_message_and_one_token_of_those_sent_works(
    service: Service, fleet: Fleet, smtp: SmtpHandler, recoveries: int
) -> None:
    factory, chance = Factory(), random.Random(SEED)
    users = [factory.user() for _ in range(recoveries)]
    save(service.store, *users)
    wait_until(lambda: len(fleet.at_work()) == RELAYS, "all relays send")

    asking = Thread(target=lambda: [service.bus.handle(RequestRecovery(login=user.name.text)) for user in users])
    asking.start()
    while asking.is_alive() or pending(service):
        time.sleep(chance.uniform(0.1, 0.4))
        if fleet.kills < recoveries // 10 and (at_work := fleet.at_work()):
            fleet.kill(chance.choice(at_work))
            fleet.start()
    asking.join()

    assert fleet.kills >= 5
    sent = Counter(message["Message-ID"] for message in smtp.messages)
    assert len(sent) == 2 * recoveries, "each has registered, too"
    assert sent.total() - len(sent) <= fleet.kills, "a killed relay may repeat the one message that it was sending"
    tokens: dict[str, list[str]] = {}
    for message in smtp.messages:
        text = message.get_body(["plain"]).get_content()
        tokens.setdefault(message["To"], []).extend(re.findall(OneTimeToken.pattern, text))
    assert tokens.keys() == {user.email.text for user in users}
    for user in users:
        assert [completes(service, token) for token in tokens[user.email.text]].count(True) == 1
    with service.store.unit_of_work() as uow:
        assert {Users(uow).get(user.id).epoch for user in users} == {1}


def pending(service: Service) -> int:
    return service.store.outbox.backlog("mail", limit=1).pending


def completes(service: Service, token: str) -> bool:
    try:
        service.bus.handle(CompleteRecovery.of_text(token=token, password=PASSWORD))
    except Refusal:
        return False
    return True
