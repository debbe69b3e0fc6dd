from datetime import UTC, datetime

import click

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MomentType(click.ParamType[datetime]):
    """A day or a moment as ISO 8601 writes it; without an offset it is in UTC."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment in UTC; raises UsageError for what is none."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("it must be a day or a moment, such as 2026-11-22 or 2026-11-22T16:30:00Z", param, ctx)
        if moment < _EPOCH:
            self.fail("it must not be before 1970", param, ctx)
        return moment
