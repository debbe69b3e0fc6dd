"""Runs the checks of the doctor on given settings."""

from typing import Any

from hexaccount.bootstrap.doctor import run_checks
from hexaccount.bootstrap.settings import JwtSettings, Settings, WebhookSettings
from hexaccount.observability.diagnosis import Finding
from tests.signing_key import SIGNING_KEY as KEY

SECRET = "s3cret-of-a-server"


def settings_of(store: str = "memory://", key: str | None = KEY, **more: Any) -> Settings:
    return Settings(store=store, jwt=JwtSettings(key=key), **more)


def webhook(url: str, *, allow_private: bool = True) -> WebhookSettings:
    return WebhookSettings(
        name="crm", url=url, secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", allow_private=allow_private
    )


def findings_of(settings: Settings) -> dict[str, Finding]:
    findings = run_checks(settings)
    assert len({finding.part for finding in findings}) == len(findings)
    return {finding.part: finding for finding in findings}


def verdicts_of(settings: Settings) -> dict[str, str]:
    return {part: finding.verdict.value for part, finding in findings_of(settings).items()}
