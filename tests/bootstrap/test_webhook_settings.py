import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest

from hexaccount.bootstrap.plugins import CAPABILITIES
from hexaccount.bootstrap.publishers import preload_for_events
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_display import shown_settings
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.bootstrap.webhooks import webhook_policies
from hexaccount.events.relay import RelayPolicy
from hexaccount.kernel import event
from tests.bootstrap.planted_packages import PlantedPackages

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CRM = {"name": "crm", "url": "https://crm.example.org/hook?token=a-secret-token", "secret": SECRET}
PHONES = """
from hexaccount.kernel.capability import Capability
from hexaccount.kernel.event import Event

class PhoneVerified(Event):
    type = "example.phone.verified.v1"

capability = Capability(name="phones")
"""


def secret_of(length: int) -> str:
    return "whsec_" + base64.b64encode(random.Random(length).randbytes(length)).decode()


def load(*webhooks: dict[str, Any]) -> Settings:
    return load_settings(None, {"HEXACCOUNT_WEBHOOKS": json.dumps(webhooks)})


def test_a_webhook_is_a_table_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        f'[[webhooks]]\nname = "crm"\nurl = "https://crm.example.org/"\nsecret = "{SECRET}"\n'
        f'[[webhooks]]\nname = "audit-2"\nurl = "http://audit:8080"\nsecret = ["{SECRET}", "{SECRET}"]\n'
        'events = ["hexaccount.user.registered.v1"]\nallow_private = true\nattempts = 3\n'
    )
    one, other = load_settings(file, {}).webhooks
    assert (one.events, one.allow_private, one.attempts, one.secrets) == (("*",), False, 25, [SECRET])
    assert (other.name, other.allow_private, other.attempts, other.secrets) == ("audit-2", True, 3, [SECRET, SECRET])


def test_a_webhook_may_name_an_event_of_another_package(planted: PlantedPackages) -> None:
    planted.install("planted-phones", CAPABILITIES, PHONES, phones="capability")
    (webhook,) = load({**CRM, "events": ["example.phone.verified.v1"]}).webhooks
    assert webhook.events == ("example.phone.verified.v1",)
    del event._types["example.phone.verified.v1"]


def test_webhooks_in_the_environment_are_json() -> None:
    (webhook,) = load(CRM).webhooks
    assert (webhook.name, webhook.url) == (CRM["name"], CRM["url"])


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"name": "C R M"}, r"^webhooks\[0\]\.name: write up to 64 small letters"),
        ({"name": ""}, r"^webhooks\[0\]\.name: write up to 64 small letters"),
        ({"name": "x" * 65}, r"^webhooks\[0\]\.name: write up to 64 small letters"),
        ({"url": "http://crm.example.org"}, r"^webhooks\[0\]\.url: .*write https://, or set allow_private"),
        ({"url": "https://10.0.0.1"}, r"^webhooks\[0\]\.url: .*set allow_private"),
        ({"url": "crm.example.org"}, r"^webhooks\[0\]\.url: write it as https://host/path"),
        ({"secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, r"^webhooks\[0\]\.secret: a secret is whsec_ .*python -c"),
        ({"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"}, r"^webhooks\[0\]\.secret: a secret is whsec_"),
        ({"secret": secret_of(24)}, None),
        ({"secret": secret_of(64)}, None),
        ({"secret": secret_of(65)}, r"^webhooks\[0\]\.secret: .* 24 to 64 random bytes"),
        ({"secret": secret_of(23)}, r"^webhooks\[0\]\.secret: .* 24 to 64 random bytes"),
        ({"secret": "whsec_" + "AAAA" * 8}, r"^webhooks\[0\]\.secret: .* 24 to 64 random bytes"),
        ({"secret": "whsec_" + "ÄÄÄÄ" * 8}, r"^webhooks\[0\]\.secret: a secret is whsec_"),
        ({"secret": []}, r"^webhooks\[0\]\.secret: give one secret, or two"),
        ({"secret": [SECRET] * 3}, r"^webhooks\[0\]\.secret: give one secret, or two"),
        ({"secret": [SECRET, "whsec_"]}, r"^webhooks\[0\]\.secret: a secret is"),
        ({"secret": 1}, r"^webhooks\[0\]\.secret: Expected .*HEXACCOUNT_WEBHOOKS"),
        ({"events": ["hexaccount.user.registred.v1"]}, r"\.events: .* did you mean hexaccount\.user\.registered\.v1\?"),
        ({"events": ["x"]}, r'^webhooks\[0\]\.events: x is no event type; use \["\*"\] for all, or hexaccount'),
        ({"events": []}, r'^webhooks\[0\]\.events: name the event types to send, or \["\*"\] for all'),
        ({"events": "x"}, r"^webhooks\[0\]\.events: must be a list, .* as JSON such as '\[\"one\", \"two\"\]'"),
        ({"attempts": 0}, r"^webhooks\[0\]\.attempts: .*HEXACCOUNT_WEBHOOKS"),
        (
            {"allow_privat": True},
            r"^webhooks\[0\]\.allow_privat is not a setting; did you mean webhooks\[0\]\.allow_priv",
        ),
        ({"token": "x"}, r"^webhooks\[0\]\.token is not a setting"),
    ],
)
def test_the_error_for_an_invalid_webhook_names_the_remedy_without_its_secrets(
    change: dict[str, Any], remedy: str | None
) -> None:
    if remedy is None:
        assert load({**CRM, **change})
        return
    with pytest.raises(SettingsError, match=remedy) as refused:
        load({**CRM, **change})
    for secret in (SECRET, "AAAA", "a-secret-token"):
        assert secret not in str(refused.value)


def test_the_error_for_an_incomplete_webhook_names_the_missing_field() -> None:
    for name in CRM:
        with pytest.raises(SettingsError, match=rf"^webhooks\[0\]: .*`{name}`.*HEXACCOUNT_WEBHOOKS"):
            load({field: value for field, value in CRM.items() if field != name})


@pytest.mark.parametrize("text", ["https://crm.example.org", "{}", "[{"])
def test_the_error_for_webhooks_that_are_not_a_list_shows_how_to_write_them(text: str) -> None:
    with pytest.raises(SettingsError, match=r'^webhooks: must be a list, .*JSON such as \'\[{"name": "crm", "url"'):
        load_settings(None, {"HEXACCOUNT_WEBHOOKS": text})


def test_two_webhooks_of_one_name_are_rejected() -> None:
    with pytest.raises(
        SettingsError, match=r"^webhooks\[1\]\.name: crm is another webhook's name; choose a different one"
    ):
        load(CRM, {**CRM, "url": "https://other.example.org"})


def test_secrets_and_possible_secrets_in_urls_are_never_shown() -> None:
    settings = load(CRM, {**CRM, "name": "bare", "url": "https://bare.example.org:8443", "secret": [SECRET, SECRET]})
    one, other = shown_settings(settings)["webhooks"]
    assert (one["url"], one["secret"]) == ("https://crm.example.org/********", "********")
    assert (other["url"], other["secret"]) == ("https://bare.example.org:8443", "********")
    with open_service(settings) as service:
        shown = repr([*settings.webhooks, *service.subscribers, [vars(one) for one in service.publishers.values()]])
    for secret in (SECRET.removeprefix("whsec_"), "a-secret-token", "1\\xf2\\x90"):
        assert secret not in shown


def test_modules_of_webhooks_are_preloaded_in_the_parent() -> None:
    assert "hexaccount_webhooks" in preload_for_events(load(CRM))
    assert preload_for_events(load()) == ()


def test_a_webhook_relay_retries_events_slowly_and_probes_receivers_quickly() -> None:
    policy = webhook_policies(load({**CRM, "attempts": 7}))["webhook:crm"]
    assert (policy.attempts, policy.batch) == (7, 1)
    assert policy.pause_after(1, unavailable=True).total_seconds() <= 5
    assert policy.pause_after(1000, unavailable=True) <= RelayPolicy().longest_pause < policy.pause_after(1000)
