from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from hexaccount.accounts.ports import StoredProfiles
from hexaccount.accounts.profile import Profile
from hexaccount_sql.errors import store_errors
from hexaccount_sql.idempotency_records import Insert
from hexaccount_sql.rows import row_of
from hexaccount_sql.schema import profiles as table


@dataclass(frozen=True, slots=True)
class SqlStoredProfiles(StoredProfiles):
    """The states of profiles in the table `profiles`."""

    engine: sa.Engine
    insert: Insert

    def restore(self, profiles: Sequence[Profile]) -> None:
        # One order for all writers avoids deadlocks.
        rows = [row_of(profile) for profile in sorted(profiles, key=lambda profile: profile.id)]
        insert = self.insert(table)
        values = {column.name: insert.excluded[column.name] for column in table.columns if column.name != "id"}
        older = table.c.version < insert.excluded.version
        with store_errors(), self.engine.connect() as connection:
            for row in rows:
                connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=values, where=older), row)
