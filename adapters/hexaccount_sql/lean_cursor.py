from typing import Any

import psycopg


class LeanCursor(psycopg.Cursor[Any]):
    """A cursor that describes its result by names and types alone, which is all that SQLAlchemy asks.

    SQLAlchemy asks at every statement, and psycopg's own description makes an object for each column: a tenth of what
    a look-up costs.
    """

    @property
    def description(self) -> Any:
        result = self.pgresult
        if result is None or not result.nfields:
            return None
        rest = (None, None, None, None, None)
        return [((result.fname(n) or b"").decode(), result.ftype(n), *rest) for n in range(result.nfields)]
