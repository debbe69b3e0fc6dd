"""What is found of a part of the service by whoever looks before, or instead of, serving."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a part is: in order, in need of something to be done, or not to be reached at the moment."""

    WELL = "well"
    TO_DO = "to do"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of a part, and what to do about it, if anything; neither holds a secret."""

    part: str
    verdict: Verdict
    message: str
    remedy: str = ""
