"""Hashes that stand for accounts in the log, where no name, address or id may be."""

from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.names import is_uuid
from hexaccount.accounts.user_reference import login_key
from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount.kernel.messages import Query


@dataclass(frozen=True, slots=True)
class AccountHashes:
    """Makes a keyed hash of an account's id, user name or e-mail address; each has its own."""

    fingerprints: Fingerprints

    def of(self, reference: str) -> str:
        """Return the hash that all spellings of a reference share, whether or not there is such an account."""
        reference = reference.strip()
        text = str(UUID(reference)) if is_uuid(reference) else login_key(reference)
        return self.fingerprints.of("accounts in the log", [text])


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAccountHash(Query[str]):
    """Get the hash by which the log refers to an id, a user name or an e-mail address."""

    reference: str


def get_account_hash(query: GetAccountHash, *, hashes: AccountHashes) -> str:
    return hashes.of(query.reference)
