"""The routes beside the sockets: /health and /ready."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.kernel.cors import CorsPolicy
from hexaccount.observability.readiness import FailedCheck, ReadinessReport
from hexaccount_granian.client_address import ClientAddresses
from hexaccount_socketio import SocketServer, create_application


def get(path: str, condition: ReadinessReport) -> tuple[int, str, Any]:
    """Return the status, the media type and the document of a response."""
    sent: list[Mapping[str, Any]] = []

    async def readiness() -> ReadinessReport:
        return condition

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request"}

    async def request() -> None:
        with open_service(Settings(store="memory://", password=PasswordSettings(cost=4))) as service:
            server = SocketServer(
                bus=service.bus, addresses=ClientAddresses([]), cors=CorsPolicy(), draining=lambda: False
            )
            scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
            await create_application(server, readiness=readiness)(scope, receive, send)
            await server.close()

    asyncio.run(request())
    start, body = sent
    return start["status"], dict(start["headers"])[b"content-type"].decode(), json.loads(body["body"])


def test_health_is_up_whatever_check_fails() -> None:
    assert get("/health", ReadinessReport(FailedCheck.STORE_UNREACHABLE)) == (
        200,
        "application/json",
        {"data": {"status": "up"}},
    )


def test_ready_names_what_is_degraded() -> None:
    assert get("/ready", ReadinessReport()) == (200, "application/json", {"data": {"status": "ready"}})
    assert get("/ready", ReadinessReport(None, ("cache",)))[2] == {"data": {"status": "ready", "degraded": ["cache"]}}


@pytest.mark.parametrize("missing", FailedCheck)
def test_not_ready_with_the_code_of_the_failed_check(missing: FailedCheck) -> None:
    status, kind, problem = get("/ready", ReadinessReport(missing))
    assert (status, kind) == (503, "application/problem+json")
    assert problem == {
        "type": f"urn:hexaccount:problem:{missing.code}",
        "status": 503,
        "code": missing.code,
        "detail": missing.detail,
    }
