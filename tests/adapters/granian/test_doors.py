import socket

import pytest

from hexaccount_granian import AddressInUse, CannotListen
from hexaccount_granian.doors import reserve


def test_port_0_is_a_free_port_that_stays_reserved() -> None:
    with reserve("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        assert port > 0
        with pytest.raises(AddressInUse, match=f"127.0.0.1 port {port}.*--port"):
            reserve("127.0.0.1", port)


def test_listeners_that_share_bind_beside_the_reservation() -> None:
    with reserve("127.0.0.1", 0) as door, socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(door.getsockname())
        listener.listen()
        with socket.create_connection(door.getsockname(), timeout=20):
            pass


def test_a_name_is_resolved() -> None:
    with reserve("localhost", 0) as door:
        assert door.getsockname()[0] in {"127.0.0.1", "::1"}


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("no.such.host.invalid", 0), ("127.0.0.1", 70_000)])
def test_an_address_that_cannot_be_had_is_refused_with_the_remedy(host: str, port: int) -> None:
    with pytest.raises(CannotListen, match=f"{host} port {port}.*--host"):
        reserve(host, port)
