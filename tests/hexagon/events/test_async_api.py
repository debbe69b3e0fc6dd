from datetime import timedelta

import pytest

from hexaccount.events.async_api import async_api
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.sessions.session import SessionOpened


def kept(event_type: str) -> str:
    message: dict[str, str] = async_api()["components"]["messages"][event_type.replace(".", "_")]
    return message["x-kept"]


def test_each_message_says_how_long_its_event_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert EVENT_TYPES
    assert kept("hexaccount.user.registered.v1") == "for ever"
    assert kept(SessionOpened.type) == "as many seconds as the setting clearing.events says"
    monkeypatch.setattr(SessionOpened, "kept", timedelta(days=1))
    assert kept(SessionOpened.type) == "86400 seconds"
