"""Checks of the settings `mail`; no message repeats the URL, which may contain a password."""

import re

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.bootstrap.mail_templates import open_templates
from hexaccount.bootstrap.mailers import mailer_kind
from hexaccount.bootstrap.public_url import checked_url
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.stores import kind_of
from hexaccount.kernel.errors import InvalidValue

# Neither a list, nor a name with a comma or quotes, which mean something in the header.
_SENDER = re.compile(r'[^<>@,;:"()]+<(?P<address>[^<>\s,]+)>|(?P<alone>[^<>\s,]+)')


def check_mail(settings: Settings) -> None:
    """Raise SettingsError unless messages can be sent, or are not going to be."""
    mail = settings.mail
    if mail.url is None:
        if unused := next(
            (name for name in ("sender", "link_base", "templates") if getattr(mail, name) is not None), None
        ):
            raise SettingsError(f"mail.{unused}: it does nothing without mail.url; set that, too")
        return
    kind = mailer_kind(mail.url)
    try:
        kind.check_url(mail.url)
    except ValueError as error:
        raise SettingsError(f"mail.url: {error}") from None
    if kind.one_process and not kind_of(settings).one_process:
        raise SettingsError("mail.url: memory:// is for a store of one process; with others use smtp://")
    _check_sender(mail.sender, required=not kind.one_process)
    if mail.link_base is None:
        raise SettingsError("mail.link_base: set it to the URL of your pages, such as https://example.org/account")
    checked_url("mail.link_base", mail.link_base)
    open_templates(settings)


def _check_sender(sender: str | None, *, required: bool) -> None:
    if sender is None:
        if required:
            raise SettingsError('mail.sender: set it to an address, such as "Accounts <accounts@example.org>"')
        return
    found = _SENDER.fullmatch(sender.strip())
    if found is None:
        raise SettingsError('mail.sender: write it as name@example.org or "Name <name@example.org>"')
    try:
        EmailAddress(found["address"] or found["alone"])
    except InvalidValue as error:
        raise SettingsError(f"mail.sender: the address {error.reason}") from None
