import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from threading import Lock

from hexaccount.events.ports import ReceiverRefused, ReceiverUnavailable
from hexaccount.mail.ports import MailDelayed, Mailer, MailMessage, MailRefused
from hexaccount_smtp.message import email_of
from hexaccount_smtp.server import SmtpServer

_LONGEST_REASON = 200
# A server may repeat what it got. No word of a reason is as long as a token or a link.
_LONGEST_WORD = 20
_CLOSING = 421


class SmtpMailer(Mailer):
    """Sends messages one after the other over one connection, which stays open for the next one."""

    def __init__(self, server: SmtpServer, sender: str) -> None:
        self._server = server
        self._sender = sender
        self._lock = Lock()
        self._connection: smtplib.SMTP | None = None

    def send(self, message: MailMessage) -> None:
        email = email_of(message, self._sender)
        with self._lock:
            connection = self._connected()
            try:
                self._send(connection, email)
            except smtplib.SMTPRecipientsRefused as error:
                ((code, reply),) = error.recipients.values()
                raise self._refusal(code, reply) from None
            except smtplib.SMTPSenderRefused as error:
                self._disconnect()
                raise _refused(f"does not send for the address of mail.sender ({_reason(error)})", error) from None
            except smtplib.SMTPDataError as error:
                raise self._refusal(error.smtp_code, error.smtp_error) from None
            except (OSError, smtplib.SMTPException) as error:
                self._disconnect()
                raise ReceiverUnavailable(f"the mail server did not take the message ({_kind(error)})") from None

    @staticmethod
    def _send(connection: smtplib.SMTP, email: EmailMessage) -> None:
        # Not by `send_message`, which writes a line that begins with "From " in another way.
        addresses = [email[name].addresses[0].addr_spec for name in ("From", "To")]
        options = () if addresses[1].isascii() else ("SMTPUTF8", "BODY=8BITMIME")
        if options and not connection.has_extn("SMTPUTF8"):
            raise MailRefused("the server does not take addresses with letters beyond ASCII (SMTPUTF8)")
        connection.sendmail(addresses[0], addresses[1], email.as_bytes(), options)

    def check(self) -> None:
        """Return within seconds if messages can be sent, having sent none; raises ReceiverUnavailable."""
        with suppress(OSError, smtplib.SMTPException):
            self._open().quit()

    def close(self) -> None:
        with self._lock:
            self._disconnect()

    def _connected(self) -> smtplib.SMTP:
        """Return the open connection, or a new one where the server has closed it meanwhile."""
        if self._connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                if self._connection.noop()[0] == 250:
                    return self._connection
            self._disconnect()
        self._connection = self._open()
        return self._connection

    def _open(self) -> smtplib.SMTP:
        try:
            return self._server.connect()
        except ssl.SSLCertVerificationError as error:
            raise ReceiverRefused(
                f"the certificate of the mail server is not valid: {error.verify_message}; correct the host in "
                "mail.url, or name the certificates of a private authority there (ca=FILE)"
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise ReceiverRefused(
                "the mail server offers no TLS or no login; use smtps:// in mail.url, or another port"
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            raise _refused(f"refuses the user and password of mail.url ({_reason(error)})", error) from None
        except (OSError, smtplib.SMTPException) as error:
            raise ReceiverUnavailable(f"the mail server cannot be reached ({_kind(error)})") from None

    def _refusal(self, code: int, reply: bytes | str) -> Exception:
        """Return the error for a message that was refused; the connection may be used for the next one."""
        reason = f"{code} {_printable(reply)}"
        if code == _CLOSING:
            self._disconnect()
            return ReceiverUnavailable(f"the mail server closes the connection ({reason})")
        return (MailRefused if code >= 500 else MailDelayed)(f"the mail server does not take the message: {reason}")

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._connection.quit()
            self._connection.close()
            self._connection = None


def _refused(fault: str, error: smtplib.SMTPResponseException) -> ReceiverUnavailable:
    """Return the error for what concerns all messages: for good from 500 on."""
    kind = ReceiverRefused if error.smtp_code >= 500 else ReceiverUnavailable
    return kind(f"the mail server {fault}")


def _reason(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_printable(error.smtp_error)}"


def _printable(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    words = ("…" if len(word) > _LONGEST_WORD or "@" in word else word for word in text.split())
    return "".join(each for each in " ".join(words) if each.isprintable())[:_LONGEST_REASON]


def _kind(error: Exception) -> str:
    """Return what happened, without a word of the server."""
    return f"{error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else type(error).__name__
