"""What one-time tokens are for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What the tokens of one kind are for.

    name: that of the template, too.
    page: the last part of the path to which the link leads.
    valid_at_once: how many tokens of an account are valid at once; those beyond are the oldest.
    """

    name: str
    page: str
    valid_at_once: int = 1


VERIFICATION = Purpose(name="verification", page="verify")
# A stranger who keeps asking for another's account does not void the token that its owner has just got.
RECOVERY = Purpose(name="recovery", page="recovery", valid_at_once=3)
PURPOSES = {purpose.name: purpose for purpose in (VERIFICATION, RECOVERY)}
