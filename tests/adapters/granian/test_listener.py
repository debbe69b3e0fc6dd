import socket

import pytest

from hexaccount_granian import AddressInUse, CannotListen
from hexaccount_granian.listener import reserve_address


def test_port_0_is_a_free_port_that_stays_reserved() -> None:
    with reserve_address("127.0.0.1", 0) as reserved:
        port = reserved.getsockname()[1]
        assert port > 0
        with pytest.raises(AddressInUse, match=f"127.0.0.1 port {port}.*--port"):
            reserve_address("127.0.0.1", port)


def test_listeners_that_share_bind_beside_the_reservation() -> None:
    with reserve_address("127.0.0.1", 0) as reserved, socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(reserved.getsockname())
        listener.listen()
        with socket.create_connection(reserved.getsockname(), timeout=20):
            pass


def test_a_name_is_resolved() -> None:
    with reserve_address("localhost", 0) as reserved:
        assert reserved.getsockname()[0] in {"127.0.0.1", "::1"}


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("no.such.host.invalid", 0), ("127.0.0.1", 70_000)])
def test_an_unusable_address_is_refused_with_the_remedy(host: str, port: int) -> None:
    with pytest.raises(CannotListen, match=f"{host} port {port}.*--host"):
        reserve_address(host, port)
