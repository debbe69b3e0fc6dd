from uuid import UUID


class StaleVersion(Exception):
    """Somebody else has changed an aggregate since it was read; reading it again and repeating is safe."""

    code = "conflict"

    def __init__(self, kind: str, aggregate_id: UUID) -> None:
        super().__init__(f"the {kind} {aggregate_id} was changed by somebody else at the same time; try again")
        self.kind = kind
        self.aggregate_id = aggregate_id


class StoreUnavailable(Exception):
    """The store cannot be reached, or does not answer in time; `remedy` says what helps where that is known."""

    def __init__(self, reason: str = "the store cannot be reached at this moment; try again", remedy: str = "") -> None:
        super().__init__(f"{reason}; {remedy}" if remedy else reason)
        self.reason = reason
        self.remedy = remedy


class StoreRefused(StoreUnavailable):
    """The store is there, and does not do its work for us until something is changed there or in the settings."""
