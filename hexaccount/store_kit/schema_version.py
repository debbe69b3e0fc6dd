"""The version of a store's schema, and whether this release can serve with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hexaccount.store_kit.store import SchemaMissing, SchemaTooNew, SchemaTooOld


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """The number of a schema's last migration, and the oldest number that code must know to serve with it.

    A migration that only adds leaves `serves` at the number before, so that the release before goes on serving.
    """

    number: str
    serves: str


def check_version(version: SchemaVersion | None, supported: Sequence[str]) -> None:
    """Return if code that supports these numbers, oldest first, can serve; raises SchemaMismatch."""
    if version is None:
        raise SchemaMissing("the database has no schema yet")
    refuse_newer(version, supported)
    if version.number < supported[0]:
        raise SchemaTooOld(f"the database's schema is version {version.number}, this hexaccount needs {supported[0]}")


def refuse_newer(version: SchemaVersion, supported: Sequence[str]) -> None:
    """Raise SchemaTooNew if a later release has removed from the schema what this one needs."""
    if version.serves > supported[-1]:
        raise SchemaTooNew(
            f"the database's schema is version {version.number} and serves a hexaccount that knows {version.serves}; "
            f"this one knows {supported[-1]}: install the one that has migrated it, or a newer one"
        )


def is_older(version: SchemaVersion | None, supported: Sequence[str]) -> bool:
    """Return whether a schema is missing, or older than the newest of these numbers."""
    return version is None or version.number < supported[-1]
