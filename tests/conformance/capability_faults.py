"""Faults that the example `hexaccount_notes` could have, and the test of the kit that finds each.

The example is imported by the functions that plant them: its events are registered by its import.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import click

from hexaccount.accounts.get_user import GetUser, get_user
from hexaccount.conformance import CapabilityUnderTest
from hexaccount.kernel.capability import EventHandler
from hexaccount.kernel.event import Event
from hexaccount.kernel.messages import Query
from hexaccount.kernel.metrics import MetricDefinition, MetricKind
from hexaccount.kernel.permission import Permission
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.records import LookUp

Plant = Callable[[CapabilityUnderTest], CapabilityUnderTest]


@dataclass(frozen=True)
class Fault:
    """A fault, and the test that must find it."""

    plant: Plant
    test: str

    @property
    def contract(self) -> str:
        """Return the name of the class that runs the kit on a capability with this fault."""
        return "Test" + "".join(word.capitalize() for word in self.plant.__name__.split("_"))


FAULTS: dict[str, Fault] = {}


def found_by(test: str) -> Callable[[Plant], Plant]:
    """Register a fault with the test that finds it."""

    def register(plant: Plant) -> Plant:
        FAULTS[plant.__name__] = Fault(plant, test)
        return plant

    return register


def declaring(good: CapabilityUnderTest, **changes: Any) -> CapabilityUnderTest:
    return replace(good, capability=replace(good.capability, **changes))


def recording(good: CapabilityUnderTest, **changes: Any) -> CapabilityUnderTest:
    """Change the record type."""
    ((notes, samples),) = good.samples.items()
    changed = replace(notes, **changes)
    return replace(declaring(good, records=(changed,)), samples={changed: samples})


def routing(good: CapabilityUnderTest, view: Callable[..., Any], **options: Any) -> CapabilityUnderTest:
    """Add a route."""
    from hexaccount_flask import Routes

    routes = Routes()
    routes.add("GET", "/api/v1/planted", tag="me", **options)(view)
    return replace(good, routes=[*good.routes, routes])


def with_event(good: CapabilityUnderTest, event: Event) -> CapabilityUnderTest:
    """Have the first sample record another event first."""
    ((notes, (first, *others)),) = good.samples.items()
    first.pending.insert(0, event)
    return replace(good, samples={notes: [first, *others]})


@dataclass
class Unfrozen(Query[None]):
    pass


@found_by("test_every_handler_gets_its_dependencies")
def a_handler_asks_for_what_nothing_provides(good: CapabilityUnderTest) -> CapabilityUnderTest:
    def handle(query: Any, *, calendar: dict) -> None: ...

    return declaring(good, handlers={**good.capability.handlers, Unfrozen: handle})


@found_by("test_every_handler_gets_its_dependencies")
def a_message_of_the_service_is_handled(good: CapabilityUnderTest) -> CapabilityUnderTest:
    return declaring(good, handlers={**good.capability.handlers, GetUser: get_user})


@found_by("test_every_message_is_a_frozen_command_or_query")
def a_message_can_be_changed(good: CapabilityUnderTest) -> CapabilityUnderTest:
    return declaring(good, handlers={**good.capability.handlers, Unfrozen: lambda query: None})


@found_by("test_every_event_handler_has_a_name_of_its_own")
def an_event_handler_has_the_name_of_another(good: CapabilityUnderTest) -> CapabilityUnderTest:
    handler, *_ = good.capability.event_handlers
    another = EventHandler(name="profile-of-a-registered-user", event=handler.event, handle=handler.handle)
    return declaring(good, event_handlers=[another])


@found_by("test_every_rate_limit_has_a_name_of_its_own")
def a_rate_limit_has_the_name_of_another(good: CapabilityUnderTest) -> CapabilityUnderTest:
    taken = RateLimitPolicy("register", RateLimit.of(1, 1, 2, 2))
    return declaring(good, rate_limits=[*good.capability.rate_limits, taken])


@found_by("test_every_limit_of_a_route_is_declared")
def a_rate_limit_is_not_declared(good: CapabilityUnderTest) -> CapabilityUnderTest:
    return declaring(good, rate_limits=())


@found_by("test_every_permission_has_a_name_of_its_own")
def a_permission_is_malformed(good: CapabilityUnderTest) -> CapabilityUnderTest:
    return declaring(good, permissions=[*good.capability.permissions, Permission("Read Notes")])


@found_by("test_every_permission_of_a_route_is_declared")
def a_permission_is_not_declared(good: CapabilityUnderTest) -> CapabilityUnderTest:
    return declaring(good, permissions=())


@found_by("test_every_metric_has_a_name_of_its_own_and_a_help_text")
def a_metric_has_no_buckets(good: CapabilityUnderTest) -> CapabilityUnderTest:
    return declaring(good, metrics=[MetricDefinition("hexaccount_notes_x", MetricKind.DISTRIBUTION, "Lengths.")])


@found_by("test_the_samples_have_every_event")
def an_event_is_in_no_sample(good: CapabilityUnderTest) -> CapabilityUnderTest:
    ((notes, samples),) = good.samples.items()
    return replace(good, samples={notes: samples[:-1]})


@found_by("test_every_event_type_begins_with_its_package")
def an_event_takes_a_name_of_the_service(good: CapabilityUnderTest) -> CapabilityUnderTest:
    @dataclass(frozen=True, kw_only=True)  # with slots it would be made twice, under two names
    class NoteRead(Event):
        """A note was read."""

        type = "hexaccount.note.read.v1"

    return with_event(good, NoteRead(**_common(good)))


@found_by("test_every_event_is_read_from_the_journal_as_it_was_recorded")
def an_event_has_a_value_that_json_changes(good: CapabilityUnderTest) -> CapabilityUnderTest:
    @dataclass(frozen=True, kw_only=True)  # with slots it would be made twice, under two names
    class NoteShared(Event):
        """A note was shared."""

        type = "hexaccount_notes.note.shared.v1"

        readers: tuple[str, ...]

    return with_event(good, NoteShared(readers=("ada",), **_common(good)))


@found_by("test_every_event_fits_its_schema")
def an_event_has_a_field_without_a_schema(good: CapabilityUnderTest) -> CapabilityUnderTest:
    @dataclass(frozen=True, kw_only=True)  # with slots it would be made twice, under two names
    class NoteDue(Event):
        """A note is due."""

        type = "hexaccount_notes.note.due.v1"

        day: date

    return with_event(good, NoteDue(day=date(2026, 1, 2), **_common(good)))


def _common(good: CapabilityUnderTest) -> dict[str, Any]:
    return {"user_id": good.events[0].user_id, "at": good.events[0].at}


@found_by("test_no_event_has_a_secret")
def an_event_has_a_secret(good: CapabilityUnderTest) -> CapabilityUnderTest:
    (notes,) = good.samples
    return recording(good, fields=tuple(replace(field, secret=field.name == "text") for field in notes.fields))


@found_by("test_folding_the_events_of_an_aggregate_gives_its_state")
def a_change_is_not_recorded(good: CapabilityUnderTest) -> CapabilityUnderTest:
    ((_, (first, *_others)),) = good.samples.items()
    first.text = "another text"
    return good


@found_by("test_every_record_type_begins_with_its_package")
def a_record_type_has_the_name_of_another(good: CapabilityUnderTest) -> CapabilityUnderTest:
    return recording(good, name="users")


@found_by("test_every_declaration_names_fields")
def a_look_up_names_a_field_that_there_is_not(good: CapabilityUnderTest) -> CapabilityUnderTest:
    return recording(good, look_ups=(LookUp(equal=("folder",), indexed=("folder", "id")),))


@found_by("test_a_record_is_loaded_as_it_was_dumped")
def loading_loses_a_part(good: CapabilityUnderTest) -> CapabilityUnderTest:
    (notes,) = good.samples
    position = notes.position("text")
    return recording(good, load=lambda row: notes.load((*row[:position], row[position][:3], *row[position + 1 :])))


@found_by("test_a_record_is_loaded_as_it_was_dumped")
def a_moment_is_finer_than_milliseconds(good: CapabilityUnderTest) -> CapabilityUnderTest:
    ((_, (first, *_others)),) = good.samples.items()
    first.written_at += timedelta(microseconds=1)
    return good


@found_by("test_every_store_keeps_records_as_they_are")
def every_load_changes_the_record(good: CapabilityUnderTest) -> CapabilityUnderTest:
    (notes,) = good.samples
    position = notes.position("text")

    def load(row: Any) -> Any:
        return notes.load((*row[:position], row[position].upper(), *row[position + 1 :]))

    return recording(good, load=load)


@found_by("test_every_added_field_has_a_value_of_its_type")
def an_added_field_has_a_value_of_another_type(good: CapabilityUnderTest) -> CapabilityUnderTest:
    (notes,) = good.samples
    return recording(good, fields=tuple(replace(each, added_as=each.type is str or None) for each in notes.fields))


@found_by("test_every_error_of_a_route_is_described")
def an_error_of_a_route_is_shown_as_a_failure(good: CapabilityUnderTest) -> CapabilityUnderTest:
    class ShelfFull(Exception): ...

    return routing(good, _view(), errors=[ShelfFull])


@found_by("test_every_route_without_a_token_is_limited")
def a_public_route_has_no_limit(good: CapabilityUnderTest) -> CapabilityUnderTest:
    return routing(good, _view())


@found_by("test_every_route_is_in_the_api_document")
def a_route_has_the_name_of_another(good: CapabilityUnderTest) -> CapabilityUnderTest:
    return routing(good, _view("list_users"))


def _view(name: str = "planted") -> Callable[..., Any]:
    from hexaccount_flask.web.responses import Done

    def view() -> Done:
        """Do nothing."""
        return Done()

    view.__name__ = name
    return view


@found_by("test_every_command_and_option_has_a_help_text")
def an_option_has_no_help_text(good: CapabilityUnderTest) -> CapabilityUnderTest:
    @click.command()
    @click.option("--folder")
    def planted(folder: str | None) -> None:
        """Do nothing."""

    return replace(good, commands=[*good.commands, planted])
