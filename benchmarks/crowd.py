import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.user import User
from hexaccount.kernel.identifiers import first_id_at

_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_APART = timedelta(seconds=30)
"""Time between two registrations: a million takes a year, and ends before the benchmark registers its users."""


@dataclass(frozen=True)
class Crowd:
    """Users who have registered one after the other, each identified by a number from 0.

    Their names do not ascend with their numbers, so that look-ups by name are spread over the store.
    """

    password_hash: str

    def members(self, count: int) -> Iterator[User]:
        """Yield the first `count` users in the order of their ids, in the state after a registration."""
        first_name, last_name = PersonName("Maria"), PersonName("Fernandez")
        for number in range(count):
            user_id, name = self.id_of(number), self.name_of(number)
            yield User(
                id=user_id,
                name=UserName.restore(name, name),
                email=EmailAddress.restore(self.email_of(number), self.email_of(number)),
                first_name=first_name,
                last_name=last_name,
                avatar_identifier=user_id.hex,
                roles=frozenset(),
                registered_at=_registered_at(number),
                password_hash=self.password_hash,
                version=1,
            )

    def id_of(self, number: int) -> UUID:
        """Return the UUIDv7 of the time of the registration."""
        chance = int.from_bytes(_scatter(number, b"id")) >> 2
        return UUID(int=first_id_at(_registered_at(number)).int | 0x7 << 76 | 0b10 << 62 | chance)

    def name_of(self, number: int) -> str:
        return f"u{_scatter(number, b'name').hex()}"

    def email_of(self, number: int) -> str:
        return f"{self.name_of(number)}@example.org"


def _registered_at(number: int) -> datetime:
    return _FIRST + number * _APART


def _scatter(number: int, purpose: bytes) -> bytes:
    return hashlib.blake2b(number.to_bytes(8), digest_size=8, person=purpose).digest()
