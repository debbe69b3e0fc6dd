"""The same service on several stores, whose answers to the same messages are compared."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, RelaySettings, Settings
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventsUnitOfWork
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.retention.apply_retention import RetentionResult
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import READ_SESSIONS
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryPublisher

EXPECTED_ERRORS = (Refusal, StaleVersion)
"""The errors that clients may see. Any other is a defect, even if every store raises it."""


class CountedIdentifiers:
    """Generates UUIDv7s from a clock and a count, the same ones for the same calls."""

    def __init__(self, clock: AdjustableClock) -> None:
        self._clock = clock
        self._count = 0

    def new(self) -> UUID:
        self._count += 1
        milliseconds = int(self._clock.now().timestamp() * 1000)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | self._count)


class StoreVariant:
    """A service on one store, with the clock, identifiers and key of all other variants."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.clock = AdjustableClock()
        self.outside = MemoryPublisher()
        settings = Settings(
            store=url,
            jwt=JwtSettings(key="the key of all variants, which is long enough"),
            password=PasswordSettings(cost=4),
            relay=RelaySettings(attempts=2),
            roles={"helper": [READ_SESSIONS]},
        )
        self.service: Service = open_service(
            settings,
            clock=self.clock,
            identifiers=CountedIdentifiers(self.clock),
            publishers=[PublishingSubscriber("memory://outside", self.outside)],
        )
        self.service.subscribe()

    def handle(self, message: Any) -> Any:
        return self.service.bus.handle(message)

    def within(self, action: Callable[[EventsUnitOfWork], Any]) -> Any:
        with self.service.store.unit_of_work() as uow:
            return action(uow)

    def relay(self, number: int) -> int:
        return self.service.relays[number % len(self.service.relays)].run_once()

    def journal(self, aggregate: str, aggregate_id: UUID) -> list[JournalEntry]:
        return self.within(lambda uow: list(uow.journal.of(aggregate, aggregate_id)))

    def published(self) -> dict[tuple[str, UUID], list[Any]]:
        """Return the published events of each aggregate, as there is no order between aggregates."""
        published: dict[tuple[str, UUID], list[Any]] = {}
        for entry in self.outside.published:
            published.setdefault((entry.aggregate, entry.aggregate_id), []).append(plain(entry))
        return published

    def close(self) -> None:
        self.service.close()


class StoreVariants:
    """StoreVariants that get the same messages, and must give the same answers."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.all = [StoreVariant(name, url) for name, url in urls.items()]

    def alike(self, action: Callable[[StoreVariant], Any]) -> dict[str, Any] | None:
        """Return the answers, None if all variants refused; raises AssertionError if they differ."""
        given: dict[str, Any] = {}
        outcomes: dict[str, Any] = {}
        for variant in self.all:
            try:
                given[variant.name] = action(variant)
                outcomes[variant.name] = ("answer", plain(given[variant.name]))
            except EXPECTED_ERRORS as refusal:
                outcomes[variant.name] = ("refusal", type(refusal).__name__, str(refusal), plain(vars(refusal)))
        first, *others = outcomes
        for other in others:
            assert outcomes[other] == outcomes[first], f"{other} differs from {first}"
        return given or None

    def advance(self, by: timedelta) -> None:
        for variant in self.all:
            variant.clock.advance(seconds=by.total_seconds())

    def close(self) -> None:
        for variant in self.all:
            variant.close()


def plain(value: Any) -> Any:
    """Return a comparable value: a record by its fields, without random ones."""
    if isinstance(value, IssuedTokens):
        return {name: item for name, item in _fields(value).items() if name != "refresh"}
    if isinstance(value, RetentionResult):
        # Memory drops drained allowances by itself.
        kept = {kind: number for kind, number in value.removed.items() if kind != "idle_rate_limits"}
        return {"removed": kept, "finished": value.finished}
    if is_dataclass(value) and not isinstance(value, type):
        return {"is": type(value).__name__, **_fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
