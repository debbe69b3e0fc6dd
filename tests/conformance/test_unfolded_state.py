import sys

from hexaccount.accounts.user import User
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.mail.one_time_token import OneTimeToken
from hexaccount.sessions.session import Session


def test_the_kit_changes_every_field_outside_events() -> None:
    """UnfoldedStateContract changes these: a new one needs a line there."""
    # Not the classes of which `dataclass` has made others, with slots, and which may not have been collected.
    kinds = (
        kind for kind in Aggregate.__subclasses__() if getattr(sys.modules[kind.__module__], kind.__name__) is kind
    )
    declared = {kind: kind.outside_events for kind in kinds if kind.outside_events}
    assert declared == {
        User: {"password_hash"},
        Session: {"last_used_at", "last_address", "last_agent", "idle_until"},
        OneTimeToken: {"expires_at", "voided", "digests"},
    }
