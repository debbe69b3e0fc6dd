from traceback import TracebackException
from types import TracebackType
from typing import TypeAlias

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

LONGEST_TRACE = 12_000


def type_of(error: BaseException) -> str:
    """Return the name of an error's type, with its module unless it is one of Python's own."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def trace_of(error: BaseException) -> str:
    """Return the stack trace of an error and of what led to it; no variable's value is in it."""
    return cut("".join(TracebackException.from_exception(error).format()), LONGEST_TRACE)


def cut(text: str, longest: int) -> str:
    """Return a text, without its middle where it is longer than `longest` characters."""
    if len(text) <= longest:
        return text
    kept = longest // 3
    return f"{text[:kept]} […] {text[-2 * kept :]}"
