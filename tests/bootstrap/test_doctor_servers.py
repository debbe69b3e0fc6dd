"""Findings on servers that are reachable, unreachable, or refuse the service; none contains a secret."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from hexaccount.bootstrap.clock_checks import clock_checks
from hexaccount.bootstrap.preparation import prepare
from hexaccount.bootstrap.settings import PersonalDataSettings, TracingSettings
from hexaccount.conformance.suites.clocks_apart import ClockAhead
from hexaccount.observability.diagnosis import Verdict
from hexaccount_system import SystemClock
from tests.bootstrap.findings import KEY, SECRET, findings_of, settings_of, verdicts_of, webhook
from tests.servers.mongo import temporary_mongo_database
from tests.servers.ports import free_port
from tests.servers.redis import client

pytestmark = pytest.mark.usefixtures("folder")


def test_reachable_parts_have_no_problems_and_are_not_changed(
    mongo_server: str, redis_url: str, kafka_topic: str, listening: Callable[[], int]
) -> None:
    with temporary_mongo_database(mongo_server) as url:
        settings = settings_of(
            url,
            cache=redis_url,
            events=[kafka_topic, f"{redis_url}/events"],
            webhooks=[webhook(f"http://127.0.0.1:{listening()}/hook")],
            tracing=TracingSettings(endpoint=f"http://127.0.0.1:{listening()}"),
        )
        prepare(settings)
        assert len(verdicts_of(settings)) == 13
        assert set(verdicts_of(settings).values()) == {"ok"}
        with client(redis_url) as redis:
            assert redis.keys() == []


@pytest.mark.parametrize(("days", "difference"), [(365, "behind"), (-365, "ahead of")])
def test_a_clock_that_differs_from_those_of_the_servers_is_reported(
    days: int, difference: str, postgres_server: str, mongo_server: str, redis_url: str
) -> None:
    keys = PersonalDataSettings(keys=mongo_server.replace("/?", "/accounts?"))
    settings = settings_of(postgres_server, cache=redis_url, personal_data=keys)
    checks = clock_checks(settings, ClockAhead(SystemClock(), timedelta(days=days)))
    assert list(checks) == ["clock of store", "clock of personal_data.keys", "clock of cache"]
    for check in checks.values():
        (finding,) = check()
        assert finding.verdict is Verdict.TO_DO
        assert re.fullmatch(rf"it is 3153\d{{4}} s {difference} this machine's", finding.message)
        assert "a time service (NTP: chrony, systemd-timesyncd)" in finding.remedy


def test_unreachable_parts_are_reported_without_secrets() -> None:
    port = free_port()
    settings = settings_of(
        f"postgresql://database-user:{SECRET}@127.0.0.1:{port}/accounts",
        cache=f"redis://:{SECRET}@127.0.0.1:{port}/0",
        events=[f"redis://u:{SECRET}@127.0.0.1:{port}/0/stream", f"kafka://127.0.0.1:{port}/topic"],
        webhooks=[webhook(f"http://127.0.0.1:{port}/{SECRET}?token={SECRET}")],
        tracing=TracingSettings(endpoint=f"http://127.0.0.1:{port}"),
    )
    findings = findings_of(settings)
    assert {part: finding.verdict.value for part, finding in findings.items()} == {
        "key": "ok",
        "hashing": "ok",
        "store": "unreachable",
        "cache": "unreachable",
        "rate limits": "ok",
        "tracing": "unreachable",
        f"events redis://127.0.0.1:{port}/0/stream": "unreachable",
        f"events kafka://127.0.0.1:{port}/topic": "unreachable",
        "webhook:crm": "unreachable",
    }
    assert all(finding.remedy for finding in findings.values() if finding.verdict is Verdict.UNREACHABLE)
    for hidden in (SECRET, KEY, "database-user"):
        assert hidden not in str(findings)


def test_an_unreachable_mongodb_is_reported_without_its_password() -> None:
    url = f"mongodb://u:{SECRET}@127.0.0.1:{free_port()}/accounts?serverSelectionTimeoutMS=300"
    finding = findings_of(settings_of(url))["store"]
    assert (finding.verdict, SECRET in str(finding)) == (Verdict.UNREACHABLE, False)


def test_a_missing_topic_and_an_invalid_stream_are_reported(kafka_server: str, redis_url: str) -> None:
    with client(redis_url) as redis:
        redis.set("taken", "by something else")
    findings = findings_of(settings_of(events=[f"{kafka_server}/no-such-topic", f"{redis_url}/taken"]))
    messages = {part.rpartition("/")[2]: finding.message for part, finding in findings.items() if "events" in part}
    assert "list no topic no-such-topic" in messages["no-such-topic"]
    assert "name another stream" in messages["taken"]
    assert "list no topic" in findings_of(settings_of(events=[f"{kafka_server}/no-such-topic"])).popitem()[1].message


def test_refusals_of_servers_are_reported_with_a_remedy_and_without_secrets(
    postgres_server: str, redis_url: str, kafka_server: str
) -> None:
    redis = redis_url.rpartition("/")[0].replace("//", f"//database-user:{SECRET}@")
    findings = findings_of(
        settings_of(
            f"{postgres_server}_not_there",
            cache=redis,
            events=[f"{redis}/0", f"{kafka_server}/no-such-topic"],
        )
    )
    reported = {
        part.split(":")[0]: (finding.verdict, finding.message + finding.remedy) for part, finding in findings.items()
    }
    for part, remedy in {
        "store": "Correct the setting store (HEXACCOUNT_STORE).",
        "cache": "rejects the user or the password; correct them in the setting cache",
        "events redis": "correct them in the setting events",
        "events kafka": "list no topic no-such-topic",
    }.items():
        assert reported[part][0] is Verdict.TO_DO, part
        assert remedy in reported[part][1]
    assert SECRET not in str(findings)


def test_a_missing_database_of_redis_is_reported(redis_url: str) -> None:
    url = f"{redis_url.rpartition('/')[0]}/99"
    findings = findings_of(settings_of(cache=url, events=[f"{url}/stream"]))
    for part in ("cache", f"events {url}/stream"):
        assert findings[part].verdict is Verdict.TO_DO
        assert "Redis has no database of this number; correct it in the setting" in findings[part].message


def test_a_webhook_with_a_private_address_is_reported() -> None:
    hook = webhook("https://localhost/hook", allow_private=False)
    assert "its address is private" in findings_of(settings_of(webhooks=[hook]))["webhook:crm"].message
