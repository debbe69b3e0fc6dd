"""Sends mail by SMTP (RFC 5321) with TLS, through the standard library."""

from hexaccount_smtp.mailer import SmtpMailer
from hexaccount_smtp.server import SmtpServer

__all__ = ["SmtpMailer", "SmtpServer"]
