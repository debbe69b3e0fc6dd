"""Findings on parts that work, are missing, broken or unresponsive; none contains a secret."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Literal

import pytest

from hexaccount.bootstrap import doctor, store_checks
from hexaccount.bootstrap.key_file import make_key_file
from hexaccount.bootstrap.preparation import prepare
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.conformance.suites.deliveries import user_with_events
from hexaccount.conformance.suites.factory import Factory
from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount.signing_keys.add_key import AddKey
from hexaccount_sql.migration import migrate
from tests.bootstrap.findings import SECRET, findings_of, settings_of, verdicts_of
from tests.people import registration
from tests.servers.postgres import temporary_database
from tests.signing_key import OTHER_SIGNING_KEY
from tests.upgrades.planted_migration import planted_migration

pytestmark = pytest.mark.usefixtures("folder")


def test_with_no_settings_it_names_the_remedies_and_creates_nothing(folder: Path) -> None:
    findings = findings_of(Settings())
    for part in ("hashing", "rate limits"):
        assert findings.pop(part).verdict is Verdict.OK
    assert {part: finding.verdict for part, finding in findings.items()} == dict.fromkeys(
        ["data directory", "key", "schema"], Verdict.TO_DO
    )
    assert all("hexaccount migrate" in finding.message + finding.remedy for finding in findings.values())
    assert list(folder.iterdir()) == []


def test_a_prepared_service_has_no_problems() -> None:
    prepare(Settings())
    assert verdicts_of(Settings()) == dict.fromkeys(
        ["data directory", "key", "hashing", "store", "schema", "deliveries", "rate limits"], "ok"
    )


def test_files_that_other_users_can_access_are_reported_with_the_remedy() -> None:
    prepare(Settings())
    Path("hexaccount-data").chmod(0o755)
    Path("hexaccount-data/jwt.key").chmod(0o640)
    Path("hexaccount-data/hexaccount.db").chmod(0o604)
    findings = findings_of(Settings())
    remedies = {part: finding.remedy or finding.message for part, finding in findings.items()}
    assert remedies["data directory"] == "chmod 700 hexaccount-data"
    assert remedies["key"].endswith("chmod 600 hexaccount-data/jwt.key")
    assert remedies["store"] == "chmod 600 hexaccount-data/hexaccount.db"


def test_a_key_that_cannot_sign_is_reported() -> None:
    make_key_file()
    Path("hexaccount-data/jwt.key").write_text("short")
    finding = findings_of(settings_of("sqlite:///accounts.db", key=None))["key"]
    assert (finding.verdict, "at least 32" in finding.message) == (Verdict.TO_DO, True)


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("auto", "the engine interleaved computes up to 4 hashes at once on each core"),
        ("crypt", "the engine crypt computes one hash at a time"),
        ("bcrypt", "the engine bcrypt computes one hash at a time"),
    ],
)
def test_it_names_what_hashes_passwords(engine: Literal["auto", "crypt", "bcrypt"], message: str) -> None:
    finding = findings_of(settings_of(password=PasswordSettings(engine=engine)))["hashing"]
    assert (finding.verdict, finding.message) == (Verdict.OK, message)


def test_stored_keys_that_cannot_be_decrypted_are_named() -> None:
    settings = settings_of("sqlite:///accounts.db")
    prepare(settings)
    with open_service(settings) as service:
        added = service.bus.handle(AddKey())
    assert findings_of(settings)["stored keys"].verdict is Verdict.OK
    finding = findings_of(settings_of("sqlite:///accounts.db", key=OTHER_SIGNING_KEY))["stored keys"]
    assert (finding.verdict, added.kid in finding.message) == (Verdict.TO_DO, True)


def test_dead_letters_are_counted_by_subscriber() -> None:
    settings = settings_of("sqlite:///accounts.db", events=["memory://"])
    prepare(settings)
    with open_service(settings) as service:
        outbox = service.store.outbox
        service.bus.handle(registration())
        now = service.container.clock().now()
        for delivery in outbox.claim("memory://", limit=9, now=now, lease=timedelta(seconds=30)).deliveries:
            outbox.dead_letter(delivery, error="gone")
    finding = findings_of(settings)["deliveries"]
    assert (finding.verdict, finding.message) == (Verdict.TO_DO, "dead letters: 1, for memory://")


def test_events_for_an_unconfigured_subscriber_are_reported_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named, unnamed = settings_of("sqlite:///accounts.db", events=["memory://"]), settings_of("sqlite:///accounts.db")
    prepare(named)
    with open_service(named) as service:
        service.bus.handle(registration())
        assert "subscribers" not in findings_of(unnamed), "another process may be about to deliver it"
        monkeypatch.setattr(store_checks, "_GRACE", timedelta(0))
        assert "subscribers" not in findings_of(named)
        finding = findings_of(unnamed)["subscribers"]
        assert (finding.verdict, finding.message) == (
            Verdict.TO_DO,
            "events wait for memory://, which these settings do not name",
        )
        assert "hexaccount outbox unsubscribe" in finding.remedy
        service.deliver_all()
        assert "subscribers" not in findings_of(unnamed)


def test_dead_letters_of_an_unconfigured_subscriber_are_not_to_be_retried_and_hide_no_others() -> None:
    settings = settings_of("sqlite:///accounts.db", events=["memory://"])
    prepare(settings)
    with open_service(settings) as service:
        outbox = service.store.outbox
        outbox.subscribe("crm", ["*"])
        user_with_events(service.store, Factory(), 150)

        def dead_letter_last(subscriber: str, last: int) -> None:
            now = service.container.clock().now()
            claimed = outbox.claim(subscriber, limit=200, now=now, lease=timedelta(seconds=30)).deliveries
            for delivery in claimed[-last:]:
                outbox.dead_letter(delivery, error="gone")

        dead_letter_last("crm", 150)
        findings = findings_of(settings)
        assert (findings["deliveries"].verdict, findings["subscribers"].verdict) == (Verdict.OK, Verdict.TO_DO)
        dead_letter_last("memory://", 2)
    assert findings_of(settings)["deliveries"].message == "dead letters: 2, for memory://"


def test_a_configured_subscriber_without_a_subscription_is_reported() -> None:
    settings = settings_of("sqlite:///accounts.db", events=["memory://"])
    prepare(settings)
    assert "subscriptions" not in findings_of(settings)
    with open_service(settings) as service:
        service.store.subscriptions.unsubscribe("memory://", limit=10)
    finding = findings_of(settings)["subscriptions"]
    assert (finding.verdict, "stored for memory://," in finding.message) == (Verdict.TO_DO, True)
    assert "hexaccount events replay" in finding.remedy


def test_a_missing_and_an_old_schema_have_different_findings(postgres_server: str) -> None:
    with temporary_database(postgres_server) as url:
        settings = settings_of(url)
        findings = findings_of(settings)
        assert (findings["store"].verdict, findings["schema"].verdict) == (Verdict.OK, Verdict.TO_DO)
        assert "hexaccount migrate" in findings["schema"].message + findings["schema"].remedy
        migrate(url, "0001")
        with planted_migration():
            schema = findings_of(settings)["schema"]
            assert schema.verdict is Verdict.TO_DO
            assert schema.remedy == "Run: hexaccount migrate. Running servers go on meanwhile."
            prepare(settings)
        assert verdicts_of(settings) == dict.fromkeys(
            ["key", "hashing", "store", "schema", "deliveries", "rate limits", "clock of store"], "ok"
        )


def test_a_read_only_store_is_reported(postgres_server: str) -> None:
    with temporary_database(postgres_server) as url:
        migrate(url)
        finding = findings_of(settings_of(f"{url}?options=-c%20default_transaction_read_only%3Don"))["store"]
    assert finding.verdict is Verdict.TO_DO
    assert ("read-only" in finding.message, "primary in the setting store" in finding.remedy) == (True, True)


def test_a_part_that_does_not_answer_is_unreachable_and_hides_no_others(
    monkeypatch: pytest.MonkeyPatch, listening: Callable[[], int]
) -> None:
    monkeypatch.setattr(doctor, "TIMEOUT", 1.0)
    never = Event()
    monkeypatch.setattr(doctor, "check_store", lambda _: never.wait(600))
    port = listening()
    findings = findings_of(settings_of(events=[f"kafka://127.0.0.1:{port}/topic"]))
    assert {part: finding.verdict.value for part, finding in findings.items()} == {
        "key": "ok",
        "hashing": "ok",
        "store": "unreachable",
        "rate limits": "ok",
        f"events kafka://127.0.0.1:{port}/topic": "unreachable",
    }
    never.set()


def test_a_failing_check_is_reported_without_its_text_and_hides_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: Settings) -> list[Finding]:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(doctor, "check_store", fail)
    findings = findings_of(settings_of())
    assert findings["key"].verdict is Verdict.OK
    assert (findings["store"].verdict, "RuntimeError" in findings["store"].message) == (Verdict.TO_DO, True)
    assert SECRET not in str(findings)
