import secrets
from collections.abc import Collection
from contextlib import suppress
from uuid import UUID

import msgspec

from hexaccount.sessions.ports import CachedSession, CacheFill, SessionCache
from hexaccount_redis.link import CutOff, RedisLink

LIFETIME = 5
"""Seconds after which no session is known any more that was read from the store before."""

MARK_LIFETIME = 30
"""Seconds for which the store is asked after a mark: longer than a commit takes."""

# One hash for each user has either a mark, or known sessions (`=…`) and leases (`?…`) and the run of the server in
# which they were made: what a restarted server reads from its disk is of another run, and may lack the marks that came
# later. A hash is as old as its first lease, and expires with it.
_RUN = "local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')\n"

_FIND = (
    _RUN
    + """
local found = redis.call('HMGET', KEYS[1], 'mark', 'run', ARGV[1])
if found[1] then
    return ''
end
if found[2] ~= run then
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'run', run)
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
elseif found[3] then
    return found[3]
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
"""
)

_KEEP = (
    _RUN
    + """
local found = redis.call('HMGET', KEYS[1], 'run', ARGV[1])
if found[1] == run and found[2] == ARGV[2] then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return ''
"""
)

_MARK = """
for _, key in ipairs(KEYS) do
    redis.call('DEL', key)
    redis.call('HSET', key, 'mark', '1')
    redis.call('PEXPIRE', key, ARGV[1])
end
return ''
"""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(CachedSession).decode


class RedisSessionCache(SessionCache):
    """Remembers live sessions for all processes that share a Redis; see docs/adr/0011-session-cache.md."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._find = link.script(_FIND)
        self._keep = link.script(_KEEP)
        self._mark = link.script(_MARK)

    def find(self, user_id: UUID, session_id: UUID) -> CachedSession | CacheFill | None:
        offered = f"?{secrets.token_hex(8)}"
        arguments = (session_id.hex, offered, LIFETIME * 1000)
        try:
            found = self._link.run(self._find, [_key(user_id)], arguments)
        except CutOff:
            return None
        if found == offered:
            return CacheFill(user_id=user_id, session_id=session_id, token=offered)
        # Nothing is a mark, and a lease is somebody else's.
        return _known(found[1:]) if found.startswith("=") else None

    def keep(self, lease: CacheFill, session: CachedSession) -> None:
        entry = f"={_encode(session).decode()}"
        with suppress(CutOff):
            self._link.run(self._keep, [_key(lease.user_id)], (lease.session_id.hex, lease.token, entry))

    def invalidate(self, user_ids: Collection[UUID]) -> bool:
        try:
            # Another process may have found Redis back already after an outage, and remember there.
            self._link.insist(self._mark, [_key(user_id) for user_id in user_ids], (MARK_LIFETIME * 1000,))
        except CutOff:
            return False
        return True


def _key(user_id: UUID) -> str:
    return f"hexaccount:sessions:1:{user_id.hex}"


def _known(text: str) -> CachedSession | None:
    try:
        return _decode(text)
    except msgspec.DecodeError:
        return None  # as another version writes it
