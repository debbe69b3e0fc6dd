from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from hexaccount.bootstrap.service import Service
from hexaccount_sql import SqlStore

ServiceOpener = Callable[..., Service]


def statements_of(service: Service, action: Callable[[], Any]) -> list[str]:
    assert isinstance(service.store, SqlStore)
    sent: list[str] = []
    record: Callable[..., None] = lambda *arguments: sent.append(arguments[2])  # noqa: E731 - a listener
    sa.event.listen(service.store._engine, "before_cursor_execute", record)
    try:
        action()
    finally:
        sa.event.remove(service.store._engine, "before_cursor_execute", record)
    return sent
