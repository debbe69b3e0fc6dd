"""Mail: proof of an address, forgotten passwords, and notices to the owner of an account."""

from hexaccount.accounts.user import UserRegistered
from hexaccount.kernel.capability import Capability, EventHandler, SideEffect
from hexaccount.mail import (
    complete_recovery,
    one_time_tokens,
    ports,
    request_recovery,
    request_verification,
    send_mail,
    verify_email,
)
from hexaccount.mail.one_time_token import MailRequested

capability = Capability(
    name="mail",
    handlers={
        complete_recovery.CompleteRecovery: complete_recovery.complete_recovery,
        request_recovery.RequestRecovery: request_recovery.request_recovery,
        request_recovery.StartRecovery: request_recovery.start_recovery,
        request_verification.RequestVerification: request_verification.request_verification,
        verify_email.VerifyEmail: verify_email.verify_email,
    },
    event_handlers=(
        EventHandler(
            name="verification-of-a-registered-user",
            event=UserRegistered,
            handle=request_verification.request_first_verification,
            needs=ports.Mailer,
        ),
    ),
    side_effects=(
        SideEffect(
            name="mail",
            events=(MailRequested, *send_mail.NOTICES),
            perform=send_mail.send_mail,
            needs=ports.Mailer,
        ),
    ),
    rate_limits=(
        complete_recovery.COMPLETE_RECOVERY,
        request_recovery.REQUEST_RECOVERY,
        request_verification.REQUEST_VERIFICATION,
        send_mail.MESSAGES,
        verify_email.VERIFY,
    ),
    records=(one_time_tokens.ONE_TIME_TOKENS,),
    expiries=one_time_tokens.EXPIRIES,
)
