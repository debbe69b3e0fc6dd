"""Bugs that only concurrent operations reveal."""

from collections.abc import Collection, Sequence
from time import monotonic, sleep
from typing import Any

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.profiles import PROFILES
from hexaccount.accounts.users import USERS
from hexaccount.kernel.records import RecordType
from hexaccount.store_kit.rules import broken_rule
from hexaccount.store_kit.transaction import Batch, BrokenRule, StoredRow
from hexaccount_memory import transaction as memory_transaction
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import found_by


@found_by("RegistrationRaces", "test_concurrent_registrations_are_linearizable")
def a_refused_registration_blocks_its_name(patch: pytest.MonkeyPatch) -> None:
    write = MemoryTransaction.write
    reserved: set[str] = set()

    def reserve_first(self: MemoryTransaction, batch: Batch) -> bool:
        added = [each.values for each in batch.changes if each.record_type is USERS and each.is_new and each.values]
        names = {values[USERS.position("name_key")] for values in added}
        with self.tables.lock:
            if names & reserved:
                raise BrokenRule(UserNameTaken())
            reserved.update(names)
        sleep(0.001)  # as long as a round trip to a remote store takes
        try:
            return write(self, batch)
        finally:
            reserved.difference_update(names)

    patch.setattr(MemoryTransaction, "write", reserve_first)


@found_by("AccountRaces", "test_concurrent_operations_on_one_account_are_linearizable")
def look_ups_by_name_read_a_stale_replica(patch: pytest.MonkeyPatch) -> None:
    replica: dict[object, tuple[float, Sequence[StoredRow]]] = {}

    class Primary(MemoryTransaction):
        rows = MemoryTransaction.rows

    def rows_of_replica(
        self: MemoryTransaction, record_type: RecordType[Any], field: str, values: Collection[Any]
    ) -> Sequence[StoredRow]:
        primary = Primary(self.tables)
        if record_type is not USERS or field != "name_key":
            return primary.rows(record_type, field, values)
        (key,) = values
        copied_at, found = replica.get(key, (0.0, []))
        if monotonic() - copied_at > 0.05:
            found = primary.rows(record_type, field, values)
            replica[key] = monotonic(), found
        return found

    patch.setattr(MemoryTransaction, "rows", rows_of_replica)
    # Only look-ups read the replica; a commit is checked on the primary.
    patch.setattr(memory_transaction, "broken_rule", lambda batch, self: broken_rule(batch, Primary(self.tables)))


@found_by("ProfileRaces", "test_concurrent_operations_on_one_profile_are_linearizable")
def readers_see_uncommitted_changes(patch: pytest.MonkeyPatch) -> None:
    write = MemoryTransaction.write

    def write_first(self: MemoryTransaction, batch: Batch) -> bool:
        profiles = self.tables.table(PROFILES).rows
        for change in batch.changes:
            if change.record_type is PROFILES and not change.is_new and change.values is not None:
                before, shown = profiles[change.key], StoredRow(change.values, change.next_revision)
                profiles[change.key] = shown
                sleep(0.001)  # as long as a round trip to a remote store takes
                if profiles[change.key] is shown:
                    profiles[change.key] = before
        return write(self, batch)

    patch.setattr(MemoryTransaction, "write", write_first)
