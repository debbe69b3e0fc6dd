"""The steps of docs/operations.md that change the issuer: instances of two steps accept the tokens of each other."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hexaccount.bootstrap.preparation import prepare
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount_verifier import InvalidToken, TokenVerifier
from tests.people import log_in, registration
from tests.signing_key import SIGNING_KEY

OPERATIONS = Path(__file__).parents[2] / "docs/operations.md"
OLD, NEW = "hexaccount", "https://accounts.example.org"
STEPS = [
    "",
    f'jwt.accepted_issuers = ["{NEW}"]',
    f'public_url = "{NEW}"\njwt.accepted_issuers = ["{OLD}"]',
    f'public_url = "{NEW}"\njwt.accepted_issuers = []',
]


@pytest.fixture
def instances(tmp_path: Path) -> Iterator[list[Service]]:
    """Yield an instance of each step; all have one store."""
    with ExitStack() as stack:
        services = []
        for number, step in enumerate(STEPS):
            file = tmp_path / f"{number}.toml"
            file.write_text(f"{step}\n[password]\ncost = 4\n")
            environment = {"HEXACCOUNT_STORE": f"sqlite:///{tmp_path}/accounts.db", "HEXACCOUNT_JWT__KEY": SIGNING_KEY}
            settings = load_settings(file, environment)
            prepare(settings)
            services.append(stack.enter_context(open_service(settings)))
        services[0].bus.handle(registration("juliet"))
        yield services


def test_the_documentation_has_these_settings() -> None:
    section = OPERATIONS.read_text().partition("## Change the issuer\n")[2].partition("\n## ")[0]
    written = set(re.findall(r"`((?:public_url|jwt\.accepted_issuers) = [^`]*)`", section))
    assert written == {setting for step in STEPS for setting in step.split("\n") if setting}


@pytest.mark.parametrize("step", [0, 1, 2])
def test_no_token_is_refused_while_instances_are_replaced(instances: list[Service], step: int) -> None:
    # The last step comes when the tokens of the first issuer have expired, so that it meets those of the second only.
    pair = instances[step : step + 2]
    issuing = pair if step < 2 else pair[:1]
    for instance in issuing:
        tokens = log_in(instance.bus)
        for other in pair:
            assert other.bus.handle(Authenticate(token=tokens.token)).session_id == tokens.session_id
        refreshed = pair[1].bus.handle(RefreshSession(refresh=tokens.refresh))
        assert pair[1].bus.handle(Authenticate(token=refreshed.token)).session_id == tokens.session_id


def test_other_services_that_accept_both_refuse_none(instances: list[Service]) -> None:
    verifier = TokenVerifier(SIGNING_KEY, issuer=[OLD, NEW], audience="hexaccount")
    issued = [log_in(instance.bus) for instance in instances]
    assert [verifier.verify(tokens.token).session_id for tokens in issued] == [each.session_id for each in issued]
    one = TokenVerifier(SIGNING_KEY, issuer=NEW, audience="hexaccount")
    with pytest.raises(InvalidToken):
        one.verify(issued[0].token)


def test_a_step_that_is_left_out_refuses_tokens(instances: list[Service]) -> None:
    tokens = log_in(instances[2].bus)
    with pytest.raises(NotAuthenticated):
        instances[0].bus.handle(Authenticate(token=tokens.token))
