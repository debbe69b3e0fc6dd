from datetime import timedelta
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from hexaccount.bootstrap import mailers, plugins
from hexaccount.bootstrap.capabilities import all_capabilities
from hexaccount.bootstrap.mail import mail_policy
from hexaccount.bootstrap.mailers import open_mailer
from hexaccount.bootstrap.preparation import prepare
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_display import shown_settings
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.bootstrap.subscribers import known_subscribers
from hexaccount.mail.purposes import RECOVERY, VERIFICATION
from hexaccount_memory import Mailbox
from hexaccount_smtp import SmtpMailer

URL = "smtp://accounts:a-secret@mail.example.org"
SENDER = "Accounts <accounts@example.org>"
BASE = "https://example.org/account"
VALID = {"URL": URL, "SENDER": SENDER, "LINK_BASE": BASE}


def load(store: str = "sqlite:///a.db", **mail: str) -> Settings:
    return load_settings(
        None, {"HEXACCOUNT_STORE": store} | {f"HEXACCOUNT_MAIL__{key}": text for key, text in mail.items()}
    )


def test_the_url_chooses_the_mailer() -> None:
    assert isinstance(open_mailer(load(**VALID)), SmtpMailer)
    assert isinstance(open_mailer(load("memory://", URL="memory://", LINK_BASE=BASE)), Mailbox)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"URL": "pigeon://coop"}, "mail.url: write a URL that begins with one of smtp://, smtps://, memory://; "),
        ({"URL": "smtp:/accounts:a-secret@mail"}, "mail.url: write a URL that begins with one of"),
        ({"URL": f"{URL}?tls=none"}, "mail.url: a password does not travel without TLS"),
        ({"URL": "memory://"}, "mail.url: memory:// is for a store of one process"),
        ({"URL": "memory://box"}, "mail.url: memory:// takes neither a host nor parameters"),
        ({"SENDER": None}, "mail.sender: set it to an address"),
        ({"SENDER": "accounts"}, "mail.sender: the address must have the form name@example.org"),
        ({"SENDER": "accounts@example.org, eve@example.org"}, "mail.sender: write it as"),
        ({"LINK_BASE": None}, "mail.link_base: set it to the URL of your pages"),
        ({"LINK_BASE": "example.org/account"}, "mail.link_base: write it as https://"),
        ({"LINK_BASE": "http://example.org/account"}, "mail.link_base: it must begin with https://"),
        ({"LINK_BASE": f"{BASE}#token"}, "mail.link_base: write it as https://"),
        ({"URL": None}, "mail.sender: it does nothing without mail.url"),
        ({"URL": None, "SENDER": None}, "mail.link_base: it does nothing without mail.url"),
        ({"RECOVERY_LIFETIME": "0"}, "mail.recovery_lifetime"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_the_remedy(changes: dict[str, Any], message: str) -> None:
    settings = {key: text for key, text in (VALID | changes).items() if text is not None}
    with pytest.raises(SettingsError) as error:
        load(**settings)

    assert str(error.value).startswith(message)
    assert "a-secret" not in str(error.value)


def test_the_password_is_not_shown() -> None:
    settings = load(**VALID)

    assert shown_settings(settings)["mail.url"] == "smtp://accounts:********@mail.example.org"
    assert "a-secret" not in repr(settings)


def test_links_and_lifetimes_are_those_of_the_settings() -> None:
    policy = mail_policy(load(**VALID | {"LINK_BASE": f"{BASE}/", "RECOVERY_LIFETIME": "600"}))

    assert policy.link(RECOVERY, "hxo_x") == f"{BASE}/recovery#hxo_x"
    assert policy.lifetimes == {
        RECOVERY.name: timedelta(minutes=10), VERIFICATION.name: timedelta(days=7)
    }  # fmt: skip
    assert policy.domain == "example.org"


def test_without_a_mailer_nothing_subscribes_for_it() -> None:
    with_mail, without = (known_subscribers(each, all_capabilities(), []) for each in (load(**VALID), load()))

    assert with_mail - without == {"mail", "verification-of-a-registered-user"}


def test_another_package_brings_a_mailer(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("pigeon", "tests.bootstrap.test_mail_settings:open_pigeon", plugins.MAILERS)
    monkeypatch.setattr(plugins, "find_plugin", lambda group, name: plugins.Plugin(entry) if name == "pigeon" else None)
    mailers._installed_kind.cache_clear()
    try:
        mailer = open_mailer(load(**VALID | {"URL": "pigeon://coop"}))
    finally:
        mailers._installed_kind.cache_clear()

    assert isinstance(mailer, Mailbox)


def open_pigeon(url: str, sender: str) -> Mailbox:
    assert (url, sender) == ("pigeon://coop", SENDER)
    return Mailbox()


def test_words_of_a_folder_are_checked_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "recovery.txt").write_text("Subject\n\n{{ no_such_value }}\n")
    for folder, message in ((tmp_path, "recovery.txt, line 3"), (tmp_path / "none", "none")):
        with pytest.raises(SettingsError, match=r"^mail\.templates: ") as error:
            load(**VALID | {"TEMPLATES": str(folder)})
        assert message in str(error.value)


def test_the_signing_key_is_made_where_mail_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    made, _ = prepare(load_settings(None, {f"HEXACCOUNT_MAIL__{key}": text for key, text in VALID.items()}))

    assert made == "made a signing key in hexaccount-data/jwt.key"
