"""What a database says of its schema, and whether this version can serve with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hexaccount.store_kit.store import SchemaMissing, SchemaTooNew, SchemaTooOld


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """The version of a schema, and the oldest version whose code can serve with it.

    The two part with a migration that only adds: whoever knew the version before goes on with what they know. The
    second one is where the first releases looked for the only version that there was.
    """

    version: str
    serves: str


def check_version(mark: SchemaVersion | None, supported: Sequence[str]) -> None:
    """Return if code that knows these versions, the oldest first, can serve; raises SchemaMismatch."""
    if mark is None:
        raise SchemaMissing("the database has no schema yet; run `hexaccount migrate`")
    refuse_newer(mark, supported)
    if mark.version < supported[0]:
        raise SchemaTooOld(
            f"the database's schema is version {mark.version}, this hexaccount needs {supported[0]}; "
            "run `hexaccount migrate`"
        )


def refuse_newer(mark: SchemaVersion, supported: Sequence[str]) -> None:
    """Return unless a schema has lost what code that knows these versions needs; raises SchemaTooNew."""
    if mark.serves > supported[-1]:
        raise SchemaTooNew(
            f"the database's schema is version {mark.version} and serves a hexaccount that knows {mark.serves}; this "
            f"one knows {supported[-1]}: install the one that has migrated it, or a newer one"
        )


def is_behind(mark: SchemaVersion | None, supported: Sequence[str]) -> bool:
    """Tell whether a schema is older than the newest of these versions."""
    return mark is None or mark.version < supported[-1]
