from typing import Protocol

from hexaccount.accounts.ports import AccountsUnitOfWork
from hexaccount.idempotency.ports import IdempotencyUnitOfWork


class RegistrationUnitOfWork(AccountsUnitOfWork, IdempotencyUnitOfWork, Protocol):
    """A unit of work that opens an account and answers its idempotency key at once."""
