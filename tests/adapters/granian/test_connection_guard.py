"""Connections of one network, which sends nothing, do not keep others from being served."""

import select
import socket
from contextlib import ExitStack

import pytest

from tests.adapters.granian.service import Service, read_reply, until

pytestmark = pytest.mark.long

FILES = 1000
CONNECTIONS = FILES - 256
SHARE = 100


def connect(service: Service, source: str) -> socket.socket:
    return socket.create_connection((service.host, service.port), timeout=30, source_address=(source, 0))


def open_among(connections: list[socket.socket]) -> list[socket.socket]:
    """Return those that the service has not closed."""
    closed, _, _ = select.select(connections, [], [], 0)
    return [connection for connection in connections if connection not in closed]


def requested(connection: socket.socket) -> int:
    """Send a request, and return the status of the response."""
    connection.sendall(b"GET /fast HTTP/1.1\r\nHost: toy\r\n\r\n")
    return read_reply(connection).status


def test_a_network_keeps_the_newest_connections_of_its_share() -> None:
    with ExitStack() as stack, Service(files=FILES).started() as service:
        other = stack.enter_context(connect(service, "127.0.0.3"))
        assert requested(other) == 200
        silent = [stack.enter_context(connect(service, "127.0.0.2")) for _ in range(SHARE + 50)]
        until(lambda: len(open_among(silent)) <= SHARE, "the excess is closed")
        assert service.wait_for("refused")["refusal"] == ["connect", "too_many_connections", "127.0.0.2"]
        late = stack.enter_context(connect(service, "127.0.0.2"))
        assert [requested(late), requested(other)] == [200, 200]
        assert len(open_among(silent)) in {SHARE, SHARE - 1}


def test_a_crowd_of_silent_connections_shuts_out_no_other_network() -> None:
    with ExitStack() as stack, Service(files=FILES).started() as service:
        for _ in range(CONNECTIONS + 100):
            stack.enter_context(connect(service, "127.0.0.2"))
        assert requested(stack.enter_context(connect(service, "127.0.0.3"))) == 200


def test_a_proxy_may_have_any_number_of_connections() -> None:
    with ExitStack() as stack, Service(files=FILES, proxy="127.0.0.2").started() as service:
        of_proxy = [stack.enter_context(connect(service, "127.0.0.2")) for _ in range(SHARE + 50)]
        others = [stack.enter_context(connect(service, "127.0.0.3")) for _ in range(SHARE + 50)]
        until(lambda: len(open_among(others)) <= SHARE, "the excess of the other network is closed")
        assert open_among(of_proxy) == of_proxy
