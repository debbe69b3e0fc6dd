from dataclasses import dataclass
from uuid import UUID

from hexaccount.events.ports import DeadLetters
from hexaccount.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDeadLetters(Command[int]):
    """Enqueue dead letters again, all or those that match; the answer is how many there were."""

    event_id: UUID | None = None
    subscriber: str | None = None


def retry_dead_letters(command: RetryDeadLetters, *, dead_letters: DeadLetters) -> int:
    return dead_letters.retry(event_id=command.event_id, subscriber=command.subscriber)
