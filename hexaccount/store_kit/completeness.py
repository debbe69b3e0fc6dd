"""Whether an object has all that the port `Store` asks for, the ports that it returns included."""

from collections.abc import Callable, Iterator
from inspect import Parameter, isfunction, signature
from typing import Any, Protocol, get_type_hints

from hexaccount.store_kit.store import Store


def missing_parts(store: object) -> list[str]:
    """Return what a store lacks: `outbox`, or `outbox.subscribe(subscriber, event_types)` if it takes less.

    A method inherited from a port counts as lacking, since it does nothing. Nothing is called.
    """
    return [*_missing_methods(Store, store, ""), *_missing_ports(store)]


def _missing_ports(store: object) -> Iterator[str]:
    for name, member in vars(Store).items():
        if isinstance(member, property):
            part = getattr(store, name, None)
            port = get_type_hints(member.fget)["return"]
            yield from [name] if part is None else _missing_methods(port, part, f"{name}.")


def _missing_methods(port: type, part: object, prefix: str) -> Iterator[str]:
    for name, expected in vars(port).items():
        if name.startswith("_") or not isfunction(expected):
            continue
        found = getattr(part, name, None)
        inherited = Protocol in port.__bases__ and getattr(found, "__func__", None) is expected
        _self, *arguments = signature(expected).parameters.values()
        if not callable(found) or inherited:
            yield prefix + name
        elif not _takes(found, arguments):
            yield f"{prefix}{name}({', '.join(argument.name for argument in arguments)})"


def _takes(method: Callable[..., Any], arguments: list[Parameter]) -> bool:
    by_name = {argument.name: None for argument in arguments if argument.kind is Parameter.KEYWORD_ONLY}
    try:
        signature(method).bind(*[None] * (len(arguments) - len(by_name)), **by_name)
    except TypeError:
        return False
    return True
