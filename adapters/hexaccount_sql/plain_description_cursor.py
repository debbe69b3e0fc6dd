from typing import Any

import psycopg


class PlainDescriptionCursor(psycopg.Cursor[Any]):
    """A cursor that describes its result by names and types only, which is all that SQLAlchemy reads.

    SQLAlchemy reads the description of each result; psycopg makes an object for each column of it.
    """

    @property
    def description(self) -> Any:
        result = self.pgresult
        if result is None or not result.nfields:
            return None
        rest = (None, None, None, None, None)
        return [((result.fname(n) or b"").decode(), result.ftype(n), *rest) for n in range(result.nfields)]
