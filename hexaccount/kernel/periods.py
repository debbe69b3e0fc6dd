"""How long something is kept, as its capability declares it."""

from datetime import timedelta
from typing import TypeAlias

Period: TypeAlias = timedelta | str
"""A duration, or the name of the setting that gives it in seconds."""

AT_ONCE: Period = timedelta()
ENDED: Period = "clearing.retention"
"""For what has ended and may still help to understand what happened."""
