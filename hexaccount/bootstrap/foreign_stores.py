"""Opens the stores of other packages, whose faults are reported as theirs."""

from collections.abc import Callable
from typing import Any

from hexaccount.kernel.records import RecordSchema
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.completeness import missing_parts
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import PORT_VERSION, SchemaMismatch, Store

Fault = Callable[[str], Exception]
"""Makes the error that names a package and its remedy, of what is wrong with it, such as "lacks history.count"."""


def open_foreign_store(
    opener: Callable[..., Any], url: str, recorder: EventRecorder, records: RecordSchema, *, fault: Fault
) -> Store:
    """Open a store; raises `fault` unless it has the version of this port, and all that the port asks for.

    What the port lets an opener raise passes: ValueError for an unusable URL, StoreUnavailable and SchemaMismatch.
    """
    version = getattr(opener, "port_version", 1)
    written_for = f"it was written for version {version} of the port of stores, this is version {PORT_VERSION}"
    other_version = [] if version == PORT_VERSION else [written_for]
    try:
        store: Store = opener(url, recorder, records)
        lacking = missing_parts(store)
    except (ValueError, StoreUnavailable, SchemaMismatch):
        raise
    except Exception as error:  # another package's code may raise anything
        text = str(error).replace(url, "its URL")  # which may contain a password
        raise fault("; ".join([f"cannot open a store ({type(error).__name__}: {text})", *other_version])) from error
    if lacking:
        raise fault("; ".join([f"lacks {', '.join(lacking)}", *other_version]))
    if other_version:
        raise fault(f"does not fit: {written_for}")
    return store
