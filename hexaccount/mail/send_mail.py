from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.user import PasswordChanged, User, UserDisabled
from hexaccount.accounts.users import Users
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.event import Event
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.mail.mail_policy import MailPolicy
from hexaccount.mail.one_time_token import MailRequested
from hexaccount.mail.one_time_tokens import OneTimeTokens
from hexaccount.mail.ports import MailDelayed, Mailer, MailMessage, MailTemplates
from hexaccount.mail.purposes import PURPOSES
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.rate_limits.rate_limiter import LimitKey, RateLimiter
from hexaccount.sessions.session import SessionReuseDetected
from hexaccount.sessions.sessions import Sessions

# Of an account and a purpose, by which a stranger who keeps asking cannot flood a mailbox.
MESSAGES = RateLimitPolicy("mail", RateLimit.of(5, 60, 20, 3600))

NOTICES: Mapping[type[Event], str] = {
    PasswordChanged: "password_changed",
    UserDisabled: "account_disabled",
    SessionReuseDetected: "session_reuse",
}
"""The events of which the owner of an account gets a notice, and the names of its templates."""


@dataclass(frozen=True, slots=True)
class MailSender:
    """Sends the messages for which events ask."""

    mailer: Mailer
    templates: MailTemplates
    policy: MailPolicy
    unit_of_work: UnitOfWorkFactory[UnitOfWork]
    rate_limiter: RateLimiter
    clock: Clock

    def send_token(self, event: MailRequested, entry: JournalEntry) -> None:
        """Make a token and send it, unless its account is gone, or gets too many messages."""
        try:
            permit = self.rate_limiter.acquire([LimitKey(MESSAGES, (event.user_id.hex, event.purpose))])
        except TooManyAttempts:
            return
        try:
            if (issued := self._issue(event)) is not None:
                user, link = issued
                lifetime = self.policy.lifetimes[event.purpose]
                self.send(event.purpose, user, event, entry, {"link": link, "lifetime": lifetime})
        except (ReceiverUnavailable, MailDelayed):
            permit.refund()
            raise

    @repeat_when_stale
    def _issue(self, event: MailRequested) -> tuple[User, str] | None:
        """Return the account and the link; None where a newer message is on its way, or the account is gone."""
        purpose, now = PURPOSES[event.purpose], self.clock.now()
        with self.unit_of_work() as uow:
            user = Users(uow).find(event.user_id)
            newest = OneTimeTokens(uow).keep_newest(event.user_id, purpose, purpose.valid_at_once)
            token = next((each for each in newest if each.id == event.mail_id), None)
            if user is None or user.disabled or token is None:
                return None
            text = token.issue(user, expires_at=now + self.policy.lifetimes[purpose.name])
            uow.commit()
        return user, self.policy.link(purpose, text)

    def send_notice(self, template: str, event: Event, entry: JournalEntry) -> None:
        """Send a notice to the owner of an account."""
        with self.unit_of_work() as uow:
            user = Users(uow).find(event.user_id)
        if user is not None:
            self.send(template, user, event, entry, {"recovery_link": f"{self.policy.link_base}/recovery"})

    def send(self, template: str, user: User, event: Event, entry: JournalEntry, values: Mapping[str, object]) -> None:
        """Send a message whose words know when, from which device and from which network something happened.

        An address that is not verified may be a stranger's, who gets no text that the account's owner has chosen.
        """
        locale = self.templates.locale(self.policy.locale)
        about = {
            "user_name": user.name.text if user.email_verified else None,
            "when": entry.time,
            "network": entry.network,
            "device": self._device(getattr(event, "session_id", entry.session_id)) if user.email_verified else None,
        }
        self.mailer.send(
            MailMessage(
                id=f"{entry.id}@{self.policy.domain}",
                to=user.email.text,
                kind=template,
                locale=locale,
                words=self.templates.write(template, locale, {**about, **values}),
            )
        )

    def _device(self, session_id: UUID | None) -> str | None:
        if session_id is None:
            return None
        with self.unit_of_work() as uow:
            session = Sessions(uow).find(session_id)
        return session.user_agent or None if session is not None else None


def send_mail(event: Event, entry: JournalEntry, *, sender: MailSender) -> None:
    """Send the message for which an event asks; raises ReceiverUnavailable, MailDelayed and MailRefused."""
    if isinstance(event, MailRequested):
        sender.send_token(event, entry)
    else:
        sender.send_notice(NOTICES[type(event)], event, entry)
