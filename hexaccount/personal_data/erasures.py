from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hexaccount.kernel.records import LookUp, RecordType

BY_ACCOUNT = LookUp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That an account was erased, to be applied again after an older backup was restored."""

    account_id: UUID
    erased_at: datetime


ERASURES = RecordType.of(Erasure, "erasures", kind="erasure", look_ups=(BY_ACCOUNT,))
