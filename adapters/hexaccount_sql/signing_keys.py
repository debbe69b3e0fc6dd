from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.signing_keys.ports import KeyRefused, SigningKeys, StoredKey
from hexaccount_sql.errors import store_errors
from hexaccount_sql.schema import signing_keys


@dataclass(frozen=True, slots=True)
class SqlSigningKeys(SigningKeys):
    """The signing keys in the table `signing_keys`."""

    engine: sa.Engine

    def all(self) -> Sequence[StoredKey]:
        with store_errors(), self.engine.connect() as connection:
            found = [StoredKey(**row) for row in connection.execute(sa.select(signing_keys)).mappings()]
        # Sorted here: databases order texts by different collations.
        return sorted(found, key=lambda key: (key.signs_from, key.kid))

    def add(self, key: StoredKey) -> None:
        try:
            self._count(sa.insert(signing_keys).values(asdict(key)))
        except exc.IntegrityError:
            raise KeyRefused("a signing key of this name already exists") from None

    def retire(self, kid: str, at: datetime) -> bool:
        unretired = sa.and_(signing_keys.c.kid == kid, signing_keys.c.retired_at.is_(None))
        return self._count(sa.update(signing_keys).where(unretired).values(retired_at=at)) == 1

    def remove(self, kid: str) -> bool:
        return self._count(sa.delete(signing_keys).where(signing_keys.c.kid == kid)) == 1

    def _count(self, statement: sa.Executable) -> int:
        with store_errors(), self.engine.connect() as connection:
            count: int = connection.execute(statement).rowcount
        return count
