"""What the doctor finds of parts that are there, missing, broken and hanging, and that it tells no secret."""

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from hexaccount.bootstrap import doctor, store_checks
from hexaccount.bootstrap.doctor import examine
from hexaccount.bootstrap.key_file import make_key_file
from hexaccount.bootstrap.preparation import prepare
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings, TracingSettings, WebhookSettings
from hexaccount.conformance.suites.owing import user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount.signing_keys.add_key import AddKey
from hexaccount_sql.migration import migrate
from tests.application.people import registration
from tests.servers.mongo import temporary_mongo_database
from tests.servers.ports import free_port
from tests.servers.postgres import temporary_database
from tests.servers.redis import client

KEY = "k" * 40
SECRET = "s3cret-of-a-server"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def listening() -> Iterator[Callable[[], int]]:
    """Give a function that returns a port at which connections are accepted, and never a word is said."""
    sockets = []

    def listen() -> int:
        sockets.append(socket.create_server(("127.0.0.1", 0)))
        return int(sockets[-1].getsockname()[1])

    yield listen
    for one in sockets:
        one.close()


def settings_of(store: str = "memory://", key: str | None = KEY, **more: Any) -> Settings:
    return Settings(store=store, jwt=JwtSettings(key=key), **more)


def webhook(url: str, *, allow_private: bool = True) -> WebhookSettings:
    return WebhookSettings(name="crm", url=url, secret="whsec_" + "A" * 32, allow_private=allow_private)


def found(settings: Settings) -> dict[str, Finding]:
    findings = examine(settings)
    assert len({finding.part for finding in findings}) == len(findings)
    return {finding.part: finding for finding in findings}


def verdicts(settings: Settings) -> dict[str, str]:
    return {part: finding.verdict.value for part, finding in found(settings).items()}


def test_with_no_settings_at_all_it_says_what_makes_all_that_is_missing_and_makes_nothing(folder: Path) -> None:
    findings = found(Settings())
    assert {part: finding.verdict for part, finding in findings.items()} == dict.fromkeys(
        ["data directory", "key", "schema"], Verdict.TO_DO
    )
    assert all("hexaccount migrate" in finding.message + finding.remedy for finding in findings.values())
    assert list(folder.iterdir()) == []


def test_where_all_is_well_it_says_so() -> None:
    prepare(Settings())
    assert verdicts(Settings()) == dict.fromkeys(["data directory", "key", "store", "schema", "deliveries"], "well")


def test_a_data_directory_and_files_that_others_may_use_are_told_with_the_remedy() -> None:
    prepare(Settings())
    Path("hexaccount-data").chmod(0o755)
    Path("hexaccount-data/jwt.key").chmod(0o640)
    Path("hexaccount-data/hexaccount.db").chmod(0o604)
    findings = found(Settings())
    assert {part: finding.remedy for part, finding in findings.items() if finding.verdict is Verdict.TO_DO} == {
        "data directory": "chmod 700 hexaccount-data",
        "key": "chmod 600 hexaccount-data/jwt.key",
        "store": "chmod 600 hexaccount-data/hexaccount.db",
    }


def test_a_key_that_cannot_sign_is_told() -> None:
    make_key_file()
    Path("hexaccount-data/jwt.key").write_text("short")
    finding = found(settings_of("sqlite:///accounts.db", key=None))["key"]
    assert (finding.verdict, "at least 32" in finding.message) == (Verdict.TO_DO, True)


def test_stored_keys_that_cannot_be_opened_are_named() -> None:
    settings = settings_of("sqlite:///accounts.db")
    prepare(settings)
    with open_service(settings) as service:
        added = service.bus.handle(AddKey())
    assert found(settings)["stored keys"].verdict is Verdict.WELL
    finding = found(settings_of("sqlite:///accounts.db", key="w" * 40))["stored keys"]
    assert (finding.verdict, added.kid in finding.message) == (Verdict.TO_DO, True)


def test_deliveries_that_were_given_up_are_counted_by_receiver() -> None:
    settings = settings_of("sqlite:///accounts.db", events=["memory://"])
    prepare(settings)
    with open_service(settings) as service:
        outbox = service.store.outbox
        service.bus.handle(registration())
        now = service.container.clock().now()
        for delivery in outbox.claim("memory://", limit=9, now=now, lease=timedelta(seconds=30)):
            outbox.dead_letter(delivery, error="gone")
    finding = found(settings)["deliveries"]
    assert (finding.verdict, finding.message) == (Verdict.TO_DO, "given up: 1, to memory://")


def test_for_whom_events_wait_though_nothing_names_them_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named, unnamed = settings_of("sqlite:///accounts.db", events=["memory://"]), settings_of("sqlite:///accounts.db")
    prepare(named)
    with open_service(named) as service:
        service.bus.handle(registration())
        assert "subscribers" not in found(unnamed), "another process may be about to deliver it"
        monkeypatch.setattr(store_checks, "_SOON", timedelta(0))
        assert "subscribers" not in found(named)
        finding = found(unnamed)["subscribers"]
        assert (finding.verdict, finding.message) == (
            Verdict.TO_DO,
            "events wait for memory://, which these settings do not name",
        )
        assert "hexaccount outbox forget" in finding.remedy
        service.deliver_all()
        assert "subscribers" not in found(unnamed)


def test_what_was_given_up_for_somebody_whom_nothing_names_is_not_to_be_retried_and_hides_nothing_else() -> None:
    settings = settings_of("sqlite:///accounts.db", events=["memory://"])
    prepare(settings)
    with open_service(settings) as service:
        outbox = service.store.outbox
        outbox.subscribe("crm", ["*"])
        user_with_events(service.store, People(), 150)

        def give_up(subscriber: str, last: int) -> None:
            now = service.container.clock().now()
            claimed = outbox.claim(subscriber, limit=200, now=now, lease=timedelta(seconds=30))
            for delivery in claimed[-last:]:
                outbox.dead_letter(delivery, error="gone")

        give_up("crm", 150)
        findings = found(settings)
        assert (findings["deliveries"].verdict, findings["subscribers"].verdict) == (Verdict.WELL, Verdict.TO_DO)
        give_up("memory://", 2)
    assert found(settings)["deliveries"].message == "given up: 2, to memory://"


def test_one_that_is_named_and_for_whom_nothing_is_kept_is_told() -> None:
    settings = settings_of("sqlite:///accounts.db", events=["memory://"])
    prepare(settings)
    assert "enrolment" not in found(settings)
    with open_service(settings) as service:
        service.store.subscriptions.unsubscribe("memory://", limit=10)
    finding = found(settings)["enrolment"]
    assert (finding.verdict, "kept for memory://," in finding.message) == (Verdict.TO_DO, True)
    assert "hexaccount events replay" in finding.remedy


def test_a_store_that_is_not_migrated_and_one_that_is_behind_are_told_apart(postgres_server: str) -> None:
    with temporary_database(postgres_server) as url:
        settings = settings_of(url)
        findings = found(settings)
        assert (findings["store"].verdict, findings["schema"].verdict) == (Verdict.WELL, Verdict.TO_DO)
        assert "hexaccount migrate" in findings["schema"].message + findings["schema"].remedy
        migrate(url, "0001")
        schema = found(settings)["schema"]
        assert schema.verdict is Verdict.TO_DO
        assert schema.remedy == "Run: hexaccount migrate. What serves goes on meanwhile."
        prepare(settings)
        assert verdicts(settings) == dict.fromkeys(["key", "store", "schema", "deliveries"], "well")


def test_everything_that_is_there_is_well_and_was_changed_by_nobody(
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
        assert len(verdicts(settings)) == 9
        assert set(verdicts(settings).values()) == {"well"}
        with client(redis_url) as redis:
            assert redis.keys() == []


def test_everything_that_is_away_is_told_and_no_secret_is() -> None:
    port = free_port()
    settings = settings_of(
        f"postgresql://somebody:{SECRET}@127.0.0.1:{port}/accounts",
        cache=f"redis://:{SECRET}@127.0.0.1:{port}/0",
        events=[f"redis://u:{SECRET}@127.0.0.1:{port}/0/stream", f"kafka://127.0.0.1:{port}/topic"],
        webhooks=[webhook(f"http://127.0.0.1:{port}/{SECRET}?token={SECRET}")],
        tracing=TracingSettings(endpoint=f"http://127.0.0.1:{port}"),
    )
    findings = found(settings)
    assert {part: finding.verdict.value for part, finding in findings.items()} == {
        "key": "well",
        "store": "away",
        "cache": "away",
        "tracing": "away",
        f"events redis://127.0.0.1:{port}/0/stream": "away",
        f"events kafka://127.0.0.1:{port}/topic": "away",
        "webhook:crm": "away",
    }
    assert all(finding.remedy for finding in findings.values() if finding.verdict is Verdict.AWAY)
    for hidden in (SECRET, KEY, "somebody"):
        assert hidden not in str(findings)


def test_a_mongodb_that_is_away_is_told_without_its_password() -> None:
    url = f"mongodb://u:{SECRET}@127.0.0.1:{free_port()}/accounts?serverSelectionTimeoutMS=300"
    finding = found(settings_of(url))["store"]
    assert (finding.verdict, SECRET in str(finding)) == (Verdict.AWAY, False)


def test_a_topic_and_a_stream_that_cannot_be_are_told(kafka_server: str, redis_url: str) -> None:
    with client(redis_url) as redis:
        redis.set("taken", "by something else")
    findings = found(settings_of(events=[f"{kafka_server}/no-such-topic", f"{redis_url}/taken"]))
    message = {part.rpartition("/")[2]: finding.message for part, finding in findings.items() if "events" in part}
    assert "show no topic no-such-topic" in message["no-such-topic"]
    assert "name another stream" in message["taken"]
    assert "show no topic" in found(settings_of(events=[f"{kafka_server}/no-such-topic"])).popitem()[1].message


def test_what_a_server_refuses_is_to_be_mended_and_no_secret_is_told(
    postgres_server: str, redis_url: str, kafka_server: str
) -> None:
    redis = redis_url.rpartition("/")[0].replace("//", f"//stranger:{SECRET}@")
    findings = found(
        settings_of(
            f"{postgres_server}_not_there",
            cache=redis,
            events=[f"{redis}/0", f"{kafka_server}/no-such-topic"],
        )
    )
    message = {
        part.split(":")[0]: (finding.verdict, finding.message + finding.remedy) for part, finding in findings.items()
    }
    for part, remedy in {
        "store": "Correct the setting store (HEXACCOUNT_STORE).",
        "cache": "refuses the user or the password that the setting cache names",
        "events redis": "correct them in the setting events",
        "events kafka": "show no topic no-such-topic",
    }.items():
        assert message[part][0] is Verdict.TO_DO, part
        assert remedy in message[part][1]
    assert SECRET not in str(findings)


def test_a_database_of_redis_that_is_not_there_is_to_be_corrected(redis_url: str) -> None:
    url = f"{redis_url.rpartition('/')[0]}/99"
    findings = found(settings_of(cache=url, events=[f"{url}/stream"]))
    for part in ("cache", f"events {url}/stream"):
        assert findings[part].verdict is Verdict.TO_DO
        assert "Redis has no database of this number; correct it in the setting" in findings[part].message


def test_a_store_that_takes_no_writes_is_not_well(postgres_server: str) -> None:
    with temporary_database(postgres_server) as url:
        migrate(url)
        finding = found(settings_of(f"{url}?options=-c%20default_transaction_read_only%3Don"))["store"]
    assert finding.verdict is Verdict.TO_DO
    assert ("read-only" in finding.message, "primary in the setting store" in finding.remedy) == (True, True)


def test_a_webhook_whose_address_is_not_of_the_internet_is_told() -> None:
    hook = webhook("https://localhost/hook", allow_private=False)
    assert "not one of the internet" in found(settings_of(webhooks=[hook]))["webhook:crm"].message


def test_whoever_hangs_is_away_and_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch, listening: Callable[[], int]
) -> None:
    monkeypatch.setattr(doctor, "PATIENCE", 1.0)
    never = Event()
    monkeypatch.setattr(doctor, "check_store", lambda _: never.wait(600))
    port = listening()
    findings = found(settings_of(events=[f"kafka://127.0.0.1:{port}/topic"]))
    assert {part: finding.verdict.value for part, finding in findings.items()} == {
        "key": "well",
        "store": "away",
        f"events kafka://127.0.0.1:{port}/topic": "away",
    }
    never.set()


def test_a_fault_of_one_check_hides_nothing_of_the_others_and_no_secret_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: Settings) -> list[Finding]:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(doctor, "check_store", fail)
    findings = found(settings_of())
    assert findings["key"].verdict is Verdict.WELL
    assert (findings["store"].verdict, "RuntimeError" in findings["store"].message) == (Verdict.TO_DO, True)
    assert SECRET not in str(findings)
