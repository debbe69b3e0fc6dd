"""Rows of declared record types as the file has them."""

from typing import Any

from msgspec import Struct, convert

from hexaccount.kernel.records import Field, RecordType
from hexaccount.store_kit.row_table import RowTable
from hexaccount.store_kit.transaction import StoredRow


class FileRow(Struct, frozen=True, kw_only=True):
    """A row, for which nobody has to know its type; `values` are None once it is removed."""

    record_type: str
    key: Any
    revision: int
    values: dict[str, Any] | None

    @classmethod
    def of(cls, record_type: RecordType[Any], key: object, row: StoredRow | None) -> "FileRow":
        """Return the row of a declared type, each of its values under the name of its field."""
        names = [field.name for field in record_type.fields]
        values = None if row is None else dict(zip(names, row.values, strict=True))
        return cls(record_type=record_type.name, key=key, revision=row.revision if row else 0, values=values)

    def put_into(self, table: RowTable) -> None:
        """Store it in place of the row with its key, or remove that."""
        fields, row = table.record_type.fields, None
        if self.values is not None:
            values = tuple(_decoded(field, self.values.get(field.name)) for field in fields)
            row = StoredRow(values, self.revision)
        table.put(_decoded(fields[0], self.key), row)


def _decoded(field: Field, value: object) -> Any:
    """Return a value of a field, made of JSON; one that an earlier version has not stored is its `added_as`."""
    if value is None:
        value = field.added_as
    kind: Any = tuple[str, ...] if field.type is tuple else field.type
    return convert(value, kind | None if field.nullable else kind)
