from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionFailed
from redis.retry import Retry


def open_redis(url: str, timeout: float, kind: type[Redis] = Redis, **options: Any) -> Redis:
    """Return a client that connects at first use and waits `timeout` seconds for each step.

    Raises ValueError for a URL that is not `redis://…` or `rediss://…`.
    """
    # One retry, on a new connection: a restart of the server ends all that were open.
    retry = Retry(NoBackoff(), 1, supported_errors=(ConnectionFailed,))
    return kind.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry, client_name="hexaccount", **options
    )
