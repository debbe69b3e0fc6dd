"""The application whose document the tests read; its bus has no handlers."""

from functools import cache
from typing import Any

from flask import Flask

from hexaccount.kernel.bus import MessageBus
from hexaccount.observability.readiness import ReadinessReport
from hexaccount_avatar import PillowAvatarArtist
from hexaccount_flask import create_app
from hexaccount_flask.web.openapi import openapi


def application() -> Flask:
    """Return a new application."""
    return create_app(
        bus=MessageBus({}),
        artist=PillowAvatarArtist(),
        readiness=ReadinessReport,
        published_keys=list,
        metrics=bytes,
    )


@cache
def document(*, pages: bool = False) -> dict[str, Any]:
    """Return the document, which is the same for every application, with the pages for people or without."""
    return openapi(application(), pages=pages)
