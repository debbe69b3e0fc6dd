"""What an error of Redis means, and what an operator does about it.

The driver's own text may repeat what was sent, so no message contains it.
"""

import re
from collections.abc import Mapping
from ssl import SSLError

from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as ConnectionFailed
from redis.exceptions import TimeoutError as TimedOut

_OF_A_CLUSTER = dict.fromkeys(
    ("CROSSSLOT", "MOVED", "CLUSTERDOWN"), "name a server that is not part of a Redis Cluster"
)


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
    return _answer(error, setting, remedies)


def _answer(error: RedisError, setting: str, remedies: Mapping[str, str]) -> str:
    text = str(error)
    if re.search("DB index is out of range|SELECT is not allowed", text):
        return f"Redis has no database of this number; correct it in the setting {setting}"
    if re.search("unknown (redis )?command", text, re.IGNORECASE):
        return f"Redis lacks a command; name Redis 7.0 or newer, or Valkey, without a proxy in the setting {setting}"
    code = "NOPERM" if "ACL failure" in text else error.status_code or _code_in(text) or type(error).__name__
    remedy = remedies.get(code) or _OF_A_CLUSTER.get(code)
    return f"Redis answers {code}" + (f"; {remedy}" if remedy else "")


def is_permanent(error: RedisError) -> bool:
    """Return whether an error lasts until an operator acts; redis-py treats a wrong password as a lost connection."""
    return isinstance(error, AuthenticationError) or not isinstance(error, ConnectionFailed | TimedOut)


def _code_in(text: str) -> str | None:
    """Return the code at the start of the text, behind redis-py's words about a pipeline."""
    match = re.match(r"[A-Z]+\b", text.rpartition("caused error: ")[2])
    return match[0] if match else None
