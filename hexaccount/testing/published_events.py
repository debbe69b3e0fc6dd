from dataclasses import dataclass, field
from typing import Any

from hexaccount.bootstrap.service import Service
from hexaccount.events.cloud_event import structured
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount_memory import MemoryPublisher


@dataclass(slots=True)
class PublishedEvents:
    """The events that a service publishes, as CloudEvents in the JSON event format."""

    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)

    @property
    def subscriber(self) -> PublishingSubscriber:
        return PublishingSubscriber("memory://published", self.publisher)

    def after_delivery(self, service: Service) -> list[dict[str, Any]]:
        """Deliver what is pending, also to the event handlers of the service, and return all events, oldest first."""
        service.deliver_all()
        return [structured(entry) for entry in self.publisher.published]
