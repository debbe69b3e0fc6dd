"""Finds the arguments of handlers by their annotated types."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache, partial
from inspect import Parameter, signature
from typing import Any, TypeVar, get_origin, get_type_hints

from hexaccount.bootstrap.plugins import PluginError
from hexaccount.events.replay import ReplayTarget
from hexaccount.events.subscribers import HandlingSubscriber, SideEffectSubscriber, Subscriber
from hexaccount.kernel.bus import Handler
from hexaccount.kernel.capability import Capability, EventHandler, SideEffect
from hexaccount.kernel.messages import Message

T = TypeVar("T")


class InvalidCapability(PluginError):
    """A capability cannot be served; the message names the function or the message that is wrong."""


class Injector:
    """Builds what capabilities declare, with the dependencies that their annotations name.

    A type is bound to what provides it; a dataclass that is not bound is built once, from its annotated fields.
    """

    def __init__(self, bindings: Mapping[Any, Callable[[], Any]], capabilities: Sequence[Capability]) -> None:
        self._bindings = bindings
        self._capabilities = capabilities
        self._built: dict[type, Any] = {}

    def handlers(self) -> dict[type[Message[Any]], Handler]:
        """Return the handler of each message, ready to be called; raises InvalidCapability if a message has two."""
        found: dict[type[Message[Any]], Handler] = {}
        for capability in self._capabilities:
            for message, function in capability.handlers.items():
                if message in found:
                    raise InvalidCapability(
                        f"{message.__name__} has two handlers; the second is that of {capability.name}"
                    )
                found[message] = self.bind(function)
        return found

    def subscriber(self, declared: EventHandler | SideEffect) -> Subscriber:
        """Return the durable subscriber that is an event handler or a side effect."""
        if isinstance(declared, SideEffect):
            return SideEffectSubscriber(replace(declared, perform=self._bind_later(declared.perform)))
        return self.build(HandlingSubscriber, handler=replace(declared, handle=self.bind(declared.handle)))

    def replay_targets(self) -> list[ReplayTarget]:
        """Return the replay targets that capabilities declare."""
        return [self.build(target) for capability in self._capabilities for target in capability.replay_targets]

    def bind(self, function: Callable[..., T]) -> Callable[..., T]:
        """Return a function with its keyword-only arguments filled in; raises InvalidCapability for an unbound type."""
        return partial(function, **dict(self._arguments(function)))

    def _bind_later(self, function: Callable[..., T]) -> Callable[..., T]:
        """Bind a function at its first call: a process that makes the signing key has none when it opens a service."""
        bound = cache(partial(self.bind, function))

        def call(*given: object) -> T:
            return bound()(*given)

        return call

    def build(self, kind: type[T], **given: object) -> T:
        """Return an object of a dataclass, its fields but for the given ones filled in; raises InvalidCapability."""
        hints = get_type_hints(kind)
        found = {
            field.name: self.provide(hints[field.name])
            for field in fields(kind)  # type: ignore[arg-type]  # `provide` has asked for dataclasses only
            if field.name not in given
        }
        return kind(**found, **given)

    def provide(self, kind: Any) -> Any:
        """Return the object of a type, which is the same each time; raises InvalidCapability where none can be had."""
        kind = get_origin(kind) or kind
        if kind in self._bindings:
            return self._bindings[kind]()
        if not (isinstance(kind, type) and is_dataclass(kind)):
            raise InvalidCapability(f"no object of type {kind!r} is bound; add it to the bindings of the container")
        if kind not in self._built:
            self._built[kind] = self.build(kind)
        return self._built[kind]

    def _arguments(self, function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
        hints = get_type_hints(function)
        for name, parameter in signature(function).parameters.items():
            if parameter.kind is Parameter.KEYWORD_ONLY:
                try:
                    yield name, self.provide(hints[name])
                except InvalidCapability as error:
                    place = f"{function.__module__}.{function.__qualname__}"
                    raise InvalidCapability(f"{place} takes {name}: {error}") from error
