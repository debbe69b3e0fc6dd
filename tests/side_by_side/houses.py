"""The same service on several stores, asked the same and compared."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, RelaySettings, Settings
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.retention.apply_retention import RetentionResult
from hexaccount.roles.permission import Permission
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.store_kit.unit_of_work import UnitOfWork
from hexaccount_memory import MemoryPublisher

TOLD = (Refusal, StaleVersion)
"""What may be told to a client; anything else that is raised is a defect, even if every store raises it."""


class CountedIdentifiers:
    """Makes UUIDv7s of a clock and a count, and so the same ones again for whoever asks the same."""

    def __init__(self, clock: AdjustableClock) -> None:
        self._clock = clock
        self._count = 0

    def new(self) -> UUID:
        self._count += 1
        milliseconds = int(self._clock.now().timestamp() * 1000)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | self._count)


class House:
    """A service on one store; its clock, identifiers and key are those of every other house."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.clock = AdjustableClock()
        self.outside = MemoryPublisher()
        settings = Settings(
            store=url,
            jwt=JwtSettings(key="the key of all houses, which is long enough"),
            password=PasswordSettings(cost=4),
            relay=RelaySettings(attempts=2),
            roles={"helper": [Permission.READ_SESSIONS]},
        )
        self.service: Service = open_service(
            settings,
            clock=self.clock,
            identifiers=CountedIdentifiers(self.clock),
            publishers=[PublishingSubscriber("memory://outside", self.outside)],
        )
        self.service.subscribe()

    def ask(self, message: Any) -> Any:
        return self.service.bus.handle(message)

    def within(self, action: Callable[[UnitOfWork], Any]) -> Any:
        with self.service.store.unit_of_work() as uow:
            return action(uow)

    def relay(self, number: int) -> int:
        return self.service.relays[number % len(self.service.relays)].run_once()

    def journal(self, aggregate: str, aggregate_id: UUID) -> list[JournalEntry]:
        return self.within(lambda uow: list(uow.journal.of(aggregate, aggregate_id)))

    def published(self) -> dict[tuple[str, UUID], list[Any]]:
        """Return what has left by aggregate, as between those there is no order."""
        told: dict[tuple[str, UUID], list[Any]] = {}
        for entry in self.outside.published:
            told.setdefault((entry.aggregate, entry.aggregate_id), []).append(plain(entry))
        return told

    def close(self) -> None:
        self.service.close()


class Houses:
    """Houses that are asked together, and have to answer alike."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.all = [House(name, url) for name, url in urls.items()]

    def alike(self, action: Callable[[House], Any]) -> dict[str, Any] | None:
        """Return what each house gave, None where all refused it; raises AssertionError where they differ."""
        given: dict[str, Any] = {}
        outcomes: dict[str, Any] = {}
        for house in self.all:
            try:
                given[house.name] = action(house)
                outcomes[house.name] = ("answer", plain(given[house.name]))
            except TOLD as refusal:
                outcomes[house.name] = ("refusal", type(refusal).__name__, str(refusal), plain(vars(refusal)))
        first, *others = outcomes
        for other in others:
            assert outcomes[other] == outcomes[first], f"{other} differs from {first}"
        return given or None

    def advance(self, by: timedelta) -> None:
        for house in self.all:
            house.clock.advance(seconds=by.total_seconds())

    def close(self) -> None:
        for house in self.all:
            house.close()


def plain(value: Any) -> Any:
    """Return what can be compared: a record by its fields, without what chance has made."""
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
