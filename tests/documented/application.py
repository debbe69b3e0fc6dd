"""The application whose document the tests look into; it answers nothing."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from flask import Flask

from hexaccount.kernel.bus import Bus, Handlers
from hexaccount.observability.readiness import ReadinessReport
from hexaccount_avatar import PillowAvatarArtist
from hexaccount_flask import create_app
from hexaccount_flask.openapi import openapi


def application() -> Flask:
    """Return an application that knows of nobody."""
    return create_app(
        bus=Bus(Handlers(), executor=ThreadPoolExecutor(1)),
        artist=PillowAvatarArtist(),
        readiness=ReadinessReport,
        published_keys=list,
        metrics=bytes,
    )


@cache
def document() -> dict[str, Any]:
    """Return its document, which is that of every application."""
    return openapi(application())
