from typing import Protocol

from hexaccount.idempotency.ports import IdempotencyUnitOfWork
from hexaccount.sessions.ports import SessionsUnitOfWork


class StoreUnitOfWork(SessionsUnitOfWork, IdempotencyUnitOfWork, Protocol):
    """What a store's unit of work has to offer: the repositories of every capability."""
