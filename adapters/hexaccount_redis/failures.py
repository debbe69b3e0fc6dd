"""What an error of Redis means, and what an operator does about it.

The driver's own text may repeat what was sent, so no message contains it.
"""

import re
from collections.abc import Mapping
from ssl import SSLError

from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as ConnectionFailed
from redis.exceptions import TimeoutError as TimedOut


class RedisUnavailable(Exception):
    """Redis cannot be reached, does not answer in time, or refuses to work."""


class RedisRefused(RedisUnavailable):
    """Redis answers, but does not work until an operator changes its configuration or the settings."""


def describe(error: RedisError, *, setting: str, timeout: float, remedies: Mapping[str, str]) -> str:
    """Return the reason and, where one is known, the remedy; `remedies` has them by the code of Redis' error."""
    match error:
        case AuthenticationError():
            return f"Redis rejects the user or the password; correct them in the setting {setting}"
        case TimedOut():
            return f"Redis did not answer within {timeout:g} s"
        case ConnectionFailed() if isinstance(error.__context__, SSLError):
            return "TLS failed; the certificate of Redis must be for this host and from a trusted authority"
        case ConnectionFailed():
            return "Redis cannot be reached"
    if "DB index is out of range" in str(error):
        return f"Redis has no database of this number; correct it in the setting {setting}"
    code = error.status_code or _code_in(str(error)) or type(error).__name__
    remedy = remedies.get(code)
    return f"Redis answers {code}" + (f"; {remedy}" if remedy else "")


def is_permanent(error: RedisError) -> bool:
    """Return whether an error lasts until an operator acts; redis-py treats a wrong password as a lost connection."""
    return isinstance(error, AuthenticationError) or not isinstance(error, ConnectionFailed | TimedOut)


def _code_in(text: str) -> str | None:
    """Return the code at the start of the text, behind redis-py's words about a pipeline."""
    match = re.match(r"[A-Z]+\b", text.rpartition("caused error: ")[2])
    return match[0] if match else None
