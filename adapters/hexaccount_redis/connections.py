from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionFailed
from redis.retry import Retry


def open_redis(url: str, timeout: float, kind: type[Redis] = Redis, **options: Any) -> Redis:
    """Return a client that connects at first use and waits `timeout` seconds for each step.

    Raises ValueError for a URL that is not `redis://…` or `rediss://…`.
    """
    return kind.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        # One retry, on a new connection: a restart of the server ends all that were open.
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionFailed,)),
        # A connection begins with nothing that a proxy, an older server or a user of few rights may refuse.
        protocol=2,
        driver_info=None,
        **options,
    )
