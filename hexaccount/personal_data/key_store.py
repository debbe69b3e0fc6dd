from dataclasses import dataclass

from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class KeyStore:
    """The store of account keys and erasures: that of the accounts, or one of its own."""

    unit_of_work: UnitOfWorkFactory[UnitOfWork]
