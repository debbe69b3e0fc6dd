"""The findings of a diagnosis of the service's parts."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """The state of a part: in order, in need of an action of the operator, or unreachable at the moment."""

    OK = "ok"
    TO_DO = "to do"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check, and its remedy, if any; neither contains a secret."""

    part: str
    verdict: Verdict
    message: str
    remedy: str = ""
