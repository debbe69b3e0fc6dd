from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hexaccount.mail.errors import MailNotConfigured
from hexaccount.mail.one_time_token import OneTimeToken
from hexaccount.mail.purposes import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPolicy:
    """What the settings say about messages.

    configured: whether messages can be sent.
    link_base: the URL of the pages to which links lead, without a slash at the end.
    domain: the right side of Message-IDs.
    lifetimes: how long a token is valid after its message was sent, by the name of its purpose.
    locale: the language of the messages (BCP 47).
    """

    configured: bool
    link_base: str
    domain: str
    lifetimes: Mapping[str, timedelta]
    locale: str = "en"

    def check(self) -> None:
        """Raise MailNotConfigured where no message can be sent."""
        if not self.configured:
            raise MailNotConfigured

    def request(self, purpose: Purpose, *, token_id: UUID, user_id: UUID, at: datetime) -> OneTimeToken:
        """Ask for a message with a token of this purpose."""
        expires_at = at + self.lifetimes[purpose.name]
        return OneTimeToken.request(
            token_id=token_id, user_id=user_id, purpose=purpose.name, at=at, expires_at=expires_at
        )

    def link(self, purpose: Purpose, text: str) -> str:
        """Return the link with a token, which stands in the fragment, so that no server logs it."""
        return f"{self.link_base}/{purpose.page}#{text}"
