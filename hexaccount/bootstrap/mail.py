"""What the settings say about mail."""

from datetime import timedelta

from hexaccount.bootstrap.public_url import checked_url
from hexaccount.bootstrap.settings import Settings
from hexaccount.mail.mail_policy import MailPolicy
from hexaccount.mail.purposes import RECOVERY, VERIFICATION


def mail_policy(settings: Settings) -> MailPolicy:
    """Return what the settings say about messages."""
    mail = settings.mail
    return MailPolicy(
        configured=mail.url is not None,
        link_base=checked_url("mail.link_base", mail.link_base) if mail.link_base else "",
        domain=(mail.sender or "").rpartition("@")[2].rstrip("> ") or "hexaccount.invalid",
        lifetimes={
            RECOVERY.name: timedelta(seconds=mail.recovery_lifetime),
            VERIFICATION.name: timedelta(seconds=mail.verification_lifetime),
        },
        locale=mail.locale,
    )
