"""The log of what concerns security: who tried what, from where, and why it was refused."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.causation import current_cause, is_admin
from hexaccount.kernel.messages import Command, Message
from hexaccount.kernel.metrics import Metrics
from hexaccount.kernel.network import wide_network_of
from hexaccount.observability.account_hashes import AccountHashes
from hexaccount.observability.line_limit import LineLimit
from hexaccount.observability.metrics import SECURITY_EVENTS
from hexaccount.passwords.errors import WrongCredentials, WrongPassword
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.sessions.session import SessionReuseDetected

Fields: TypeAlias = dict[str, object]
"""The fields of a line by their names in ECS; a line lacks those that are None."""

# https://www.elastic.co/guide/en/ecs/8.17/ecs-allowed-values-event-category.html
_CLIENTS, _ADMINS, _CONNECTIONS = "authentication", "iam", "network"
_REUSED = "token_reused"
_REFUSALS = (WrongCredentials, WrongPassword, TooManyAttempts, HashingOverloaded)
_SHOWN = ("error.code", "labels.policy", "labels.actor", "event.reason", "labels.network", "user.hash")
_log = logging.getLogger("hexaccount.security")


@dataclass(frozen=True, slots=True)
class SecurityLog:
    """A middleware that logs refused logins, wrong passwords, exceeded limits and the commands of admins.

    As a commit hook it logs the reuse of refresh tokens, and servers report to it whom they refuse before any message.
    A line names an account by a hash, and a client by a network that many share. Warnings and the lines of admins are
    all written, the others of clients up to a limit.

    hashes: called for each line that needs it, as a process that writes none may have no key.
    """

    hashes: Callable[[], AccountHashes]
    limit: LineLimit
    metrics: Metrics

    def __post_init__(self) -> None:
        self.metrics.declare(SECURITY_EVENTS, "log_in", WrongCredentials.code)
        self.metrics.declare(SECURITY_EVENTS, "refresh_session", _REUSED)

    def __call__(self, message: Message[Any], call: Callable[[], Any]) -> Any:
        """Handle a message, and log it if it concerns security."""
        if self.limit.is_summary_due:
            self.summarise()
        by_admin = isinstance(message, Command) and is_admin(current_cause().actor)
        try:
            answer = call()
        except Exception as error:
            if by_admin or isinstance(error, _REFUSALS):
                self._report(message, error)
            raise
        if by_admin:
            self._report(message)
        return answer

    def committed(self, entries: Sequence[JournalEntry]) -> None:
        """Log the reuse of refresh tokens that a commit has recorded."""
        for entry in entries:
            if entry.type == SessionReuseDetected.type:
                fields: Fields = {"event.outcome": "failure", "error.code": _REUSED}
                self._write(_action_of(RefreshSession), fields, account=str(entry.subject), level=logging.WARNING)

    def refused(self, action: str, code: str, address: str) -> None:
        """Log that a client was refused for the number of its connections or requests, before any message."""
        fields: Fields = {"event.outcome": "failure", "error.code": code}
        self._write(action, fields, account=None, address=address, category=_CONNECTIONS)

    def summarise(self) -> None:
        """Log how many lines were left out since the last summary."""
        for left_out in self.limit.take_left_out():
            fields: Fields = {"labels.left_out": left_out.lines, "labels.network": left_out.busiest}
            _log_line(left_out.action, _CLIENTS, str(left_out), fields)

    def _report(self, message: Message[Any], error: Exception | None = None) -> None:
        fields: Fields = {
            "event.outcome": "success" if error is None else "failure",
            "error.code": error and getattr(error, "code", type(error).__name__),
            "labels.policy": error.limit_status.policy if isinstance(error, TooManyAttempts) else None,
        }
        address = getattr(message, "client_address", "")
        self._write(_action_of(type(message)), fields, account=_account_of(message), address=address)

    def _write(
        self,
        action: str,
        fields: Fields,
        *,
        account: str | None,
        address: str = "",
        level: int = logging.INFO,
        category: str = _CLIENTS,
    ) -> None:
        reason = fields.get("labels.policy") or fields["error.code"] or "done"
        self.metrics.add(SECURITY_EVENTS, 1, action, str(reason))
        cause = current_cause()
        network = cause.network or wide_network_of(address)
        by_admin = is_admin(cause.actor)
        if by_admin:
            fields |= {"labels.actor": cause.actor, "event.reason": cause.reason}
        elif level < logging.WARNING and not self.limit.admits(action, network or "unknown"):
            return  # a warning is always written: each ends a session, and nobody may hide it among other lines
        fields |= {"labels.network": network, "user.hash": account and self.hashes().of(account)}
        fields["http.request.id"] = cause.request_id
        shown = [f"{name.rpartition('.')[2]} {fields[name]}" for name in _SHOWN if fields.get(name) is not None]
        text = ", ".join([str(fields["event.outcome"]), *shown])
        _log_line(action, _ADMINS if by_admin else category, text, fields, level)


def _log_line(action: str, category: str, text: str, fields: Fields, level: int = logging.INFO) -> None:
    known = {name: value for name, value in fields.items() if value is not None}
    known |= {"event.action": action, "event.category": [category]}
    _log.log(level, "%s: %s", action, text, extra={"ecs": known})


def _action_of(message: type[Message[Any]]) -> str:
    """Return the name of a type of messages as `log_in`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", message.__name__).lower()


def _account_of(message: Message[Any]) -> str | None:
    """Return what refers to the account of a message, or else to the user who sent it."""
    for name in ("user_id", "user_name"):
        found = getattr(message, name, None)
        if found is not None:
            return str(getattr(found, "text", found))
    actor = current_cause().actor or ""
    return actor.removeprefix("user:") if actor.startswith("user:") else None
