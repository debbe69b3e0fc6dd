"""The mailers, by the scheme of the setting `mail.url`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from hexaccount.bootstrap import plugins
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.mail.ports import Mailer


@dataclass(frozen=True, slots=True, kw_only=True)
class MailerKind:
    """The mailers of one URL scheme.

    `open` takes the URL and the sender, and returns one, which connects at first use. `check_url` raises ValueError,
    which says what to write and never repeats the URL. `one_process` tells that no other process sees its messages.
    """

    open: Callable[[str, str], Mailer]
    check_url: Callable[[str], object]
    one_process: bool = False


def _open_memory(_url: str, _sender: str) -> Mailer:
    from hexaccount_memory import Mailbox

    return Mailbox()


def _check_memory_url(url: str) -> None:
    if url != "memory://":
        raise ValueError("memory:// takes neither a host nor parameters")


def _open_smtp(url: str, sender: str) -> Mailer:
    from hexaccount_smtp import SmtpMailer, SmtpServer

    return SmtpMailer(SmtpServer.of(url), sender)


def _check_smtp_url(url: str) -> None:
    from hexaccount_smtp import SmtpServer

    SmtpServer.of(url)


_SMTP = MailerKind(open=_open_smtp, check_url=_check_smtp_url)
MAILERS = {
    "smtp": _SMTP,
    "smtps": _SMTP,
    "memory": MailerKind(open=_open_memory, check_url=_check_memory_url, one_process=True),
}


def mailer_kind(url: str) -> MailerKind:
    """Return the kind of mailer for a URL; raises SettingsError if there is none, and PluginError."""
    scheme = url.partition("://")[0]
    kind = (MAILERS.get(scheme) or _installed_kind(scheme)) if "://" in url else None
    if kind is None:
        raise SettingsError(f"mail.url: {plugins.known_schemes(MAILERS, plugins.MAILERS)}")
    return kind


@cache
def _installed_kind(scheme: str) -> MailerKind | None:
    plugin = plugins.find_plugin(plugins.MAILERS, scheme)
    return None if plugin is None else MailerKind(open=plugin.opener(), check_url=urlsplit)


def open_mailer(settings: Settings) -> Mailer:
    """Return the mailer of the setting `mail.url`, which is set."""
    url = settings.mail.url or ""
    return mailer_kind(url).open(url, settings.mail.sender or "")
