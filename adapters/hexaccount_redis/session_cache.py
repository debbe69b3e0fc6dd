import secrets
from collections.abc import Collection
from contextlib import suppress
from uuid import UUID

import msgspec

from hexaccount.sessions.ports import CachedSession, CacheFill, SessionCache
from hexaccount_redis.client import RedisClient
from hexaccount_redis.failures import RedisUnavailable

LIFETIME = 5
"""Seconds for which a session that was read from the store is cached at most."""

INVALIDATION_LIFETIME = 30
"""Seconds for which sessions are read from the store after an invalidation: longer than a commit takes."""

# Each user has one hash. It has either the field `invalidated`, or cached sessions (`=…`), leases (`?…`) and the
# `run_id` of the server that they were stored on: a restarted server has another id, and may lack the invalidations
# that came after it saved the hash. A hash expires LIFETIME seconds after its first lease.
_RUN = "local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')\n"

_FIND = (
    _RUN
    + """
local values = redis.call('HMGET', KEYS[1], 'invalidated', 'run', ARGV[1])
if values[1] then
    return ''
end
if values[2] ~= run then
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'run', run)
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
elseif values[3] then
    return values[3]
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
"""
)

_FILL = (
    _RUN
    + """
local values = redis.call('HMGET', KEYS[1], 'run', ARGV[1])
if values[1] == run and values[2] == ARGV[2] then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return ''
"""
)

_INVALIDATE = """
for _, key in ipairs(KEYS) do
    redis.call('DEL', key)
    redis.call('HSET', key, 'invalidated', '1')
    redis.call('PEXPIRE', key, ARGV[1])
end
return ''
"""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(CachedSession).decode


class RedisSessionCache(SessionCache):
    """Caches live sessions for all processes that share a Redis; see docs/adr/0011-session-cache.md."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._find = client.script(_FIND)
        self._fill = client.script(_FILL)
        self._invalidate = client.script(_INVALIDATE)

    def find(self, user_id: UUID, session_id: UUID) -> CachedSession | CacheFill | None:
        offered = f"?{secrets.token_hex(8)}"
        arguments = (session_id.hex, offered, LIFETIME * 1000)
        try:
            found = self._client.run(self._find, [_key(user_id)], arguments)
        except RedisUnavailable:
            return None
        if found == offered:
            return CacheFill(user_id=user_id, session_id=session_id, token=offered)
        # Empty after an invalidation; `?…` is the lease of another reader.
        return _decoded(found[1:]) if found.startswith("=") else None

    def fill(self, lease: CacheFill, session: CachedSession) -> None:
        entry = f"={_encode(session).decode()}"
        with suppress(RedisUnavailable):
            self._client.run(self._fill, [_key(lease.user_id)], (lease.session_id.hex, lease.token, entry))

    def invalidate(self, user_ids: Collection[UUID]) -> bool:
        try:
            # After an outage another process may already reach Redis again, and cache sessions there.
            self._client.run_with_retry(
                self._invalidate, [_key(user_id) for user_id in user_ids], (INVALIDATION_LIFETIME * 1000,)
            )
        except RedisUnavailable:
            return False
        return True


def _key(user_id: UUID) -> str:
    return f"hexaccount:sessions:1:{user_id.hex}"


def _decoded(text: str) -> CachedSession | None:
    try:
        return _decode(text)
    except msgspec.DecodeError:
        return None  # another version wrote it
