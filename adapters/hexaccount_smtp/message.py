"""A message in the form in which it travels."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate, parseaddr

import idna

from hexaccount.mail.ports import MailMessage


def email_of(message: MailMessage, sender: str) -> EmailMessage:
    """Return the message with its words as plain text and as HTML (RFC 2046, 5.1.4).

    `sender` is an address, or a name with an address in angle brackets. Raises ValueError where a header would contain
    a newline.
    """
    name, address = parseaddr(sender)
    local, _, domain = message.to.rpartition("@")
    email = EmailMessage(policy=SMTP if local.isascii() else SMTPUTF8)
    email["From"] = Address(name, addr_spec=address)
    email["To"] = Address(username=local, domain=_in_ascii(domain))
    email["Subject"] = message.words.subject
    email["Date"] = formatdate(usegmt=True)
    email["Message-ID"] = f"<{message.id}>"
    email["Auto-Submitted"] = "auto-generated"  # so that no absence notice answers it (RFC 3834, 5)
    email.set_content(message.words.text, cte="quoted-printable")
    email.add_alternative(message.words.html, subtype="html", cte="quoted-printable")
    email["Content-Language"] = message.locale
    return email


def _in_ascii(domain: str) -> str:
    """Return a domain as servers without SMTPUTF8 take it."""
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
