import re

from hexaccount.bootstrap.capabilities import OURS
from hexaccount.conformance.suites.capability_under_test import CapabilityUnderTest
from hexaccount.kernel.event import Event
from hexaccount.kernel.messages import Command, Query

_POLICY = re.compile(r"[a-z][a-z-]*")
_PERMISSION = re.compile(r"[a-z_]+\.[a-z_]+")
_METRIC = re.compile(r"[a-z][a-z0-9_]*")


class CapabilityMessagesContract:
    """A capability's handlers can be served, and its names collide with none of the service."""

    def test_every_handler_gets_its_dependencies(self, under_test: CapabilityUnderTest) -> None:
        with under_test.open_service() as service:
            assert service.bus is not None

    def test_every_message_is_a_frozen_command_or_query(self, under_test: CapabilityUnderTest) -> None:
        for message in under_test.capability.handlers:
            assert issubclass(message, Command | Query), f"{message.__name__} is neither a Command nor a Query"
            options = getattr(message, "__dataclass_params__", None)
            assert options is not None, f"{message.__name__} is no dataclass"
            assert options.frozen, f"{message.__name__} is not frozen"

    def test_every_event_handler_has_a_name_of_its_own(self, under_test: CapabilityUnderTest) -> None:
        taken = [handler.name for capability in OURS for handler in capability.event_handlers]
        for handler in under_test.capability.event_handlers:
            assert issubclass(handler.event, Event), f"{handler.name} handles {handler.event}, which is no event"
            assert handler.name not in taken, f"another event handler has the name {handler.name}"
            taken.append(handler.name)

    def test_every_rate_limit_has_a_name_of_its_own(self, under_test: CapabilityUnderTest) -> None:
        taken = [policy.name for capability in OURS for policy in capability.rate_limits]
        for policy in under_test.capability.rate_limits:
            assert _POLICY.fullmatch(policy.name), f"{policy.name} is not small letters and hyphens"
            assert policy.name not in taken, f"another rate limit has the name {policy.name}"
            assert policy.limit.burst.capacity <= policy.limit.sustained.capacity, f"{policy.name}: burst > sustained"
            taken.append(policy.name)

    def test_every_permission_has_a_name_of_its_own(self, under_test: CapabilityUnderTest) -> None:
        taken = [permission for capability in OURS for permission in capability.permissions]
        for permission in under_test.capability.permissions:
            assert _PERMISSION.fullmatch(permission), f"{permission} is not of the form notes.read"
            assert permission not in taken, f"another capability declares {permission}"
            taken.append(permission)

    def test_every_metric_has_a_name_of_its_own_and_a_help_text(self, under_test: CapabilityUnderTest) -> None:
        taken = [metric.name for capability in OURS for metric in capability.metrics]
        for metric in under_test.capability.metrics:
            named = f"the metric {metric.name}"
            assert _METRIC.fullmatch(metric.name), f"{named} is not small letters, digits and underscores"
            assert metric.name.startswith(f"{under_test.package}_"), f"{named} does not begin with its package"
            assert metric.name not in taken, f"{named} is declared twice"
            assert metric.help, f"{named} has no help text"
            assert all(_METRIC.fullmatch(label) for label in metric.labels), f"{named} has a label with a wrong name"
            has_buckets = metric.kind.name == "DISTRIBUTION"
            assert bool(metric.buckets) == has_buckets, f"{named} needs buckets exactly if it is a DISTRIBUTION"
            assert sorted(metric.buckets) == list(metric.buckets), f"{named} has buckets that do not rise"
            taken.append(metric.name)
