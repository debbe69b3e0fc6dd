"""A connection to an endpoint: to an address that is allowed, and, unless it is told otherwise, with TLS."""

import socket
import ssl

from hexaccount_webhooks.addresses import is_public
from hexaccount_webhooks.deadline import Deadline
from hexaccount_webhooks.endpoint import Endpoint
from hexaccount_webhooks.errors import NotSent
from hexaccount_webhooks.lookup import Address, addresses_of

CONNECT = 5.0
"""Seconds for a look-up, and then for each address, the handshake of TLS included."""


def connect(endpoint: Endpoint, tls: ssl.SSLContext, deadline: Deadline) -> socket.socket:
    """Return a connection to the first address that is allowed and answers; raises NotSent where none does."""
    reasons = []
    for address in addresses_of(endpoint.host, endpoint.port, deadline.within(CONNECT)):
        try:
            return _connect_to(address, endpoint, tls, deadline.within(CONNECT))
        except NotSent as refused:
            reasons.append(str(refused))
        except TimeoutError:
            reasons.append(f"it did not accept a connection within {CONNECT:g} s")
        except ssl.SSLCertVerificationError as error:
            reasons.append(f"its certificate is not trusted ({error.verify_message.rstrip('.')})")
        except ssl.SSLError as error:
            reasons.append(f"TLS failed ({error.reason or type(error).__name__})")
        except OSError as error:
            reasons.append(error.strerror or type(error).__name__)
    raise NotSent("; ".join(dict.fromkeys(reasons)) or f"the name {endpoint.host} has no address")


def _connect_to(address: Address, endpoint: Endpoint, tls: ssl.SSLContext, deadline: Deadline) -> socket.socket:
    _refuse_private(address.text, endpoint)  # so that nothing inside a network notices a name that leads there
    connected = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connected.settimeout(deadline.left())
        connected.connect(address.place)
        _refuse_private(connected.getpeername()[0], endpoint)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(deadline.left())
        return tls.wrap_socket(connected, server_hostname=endpoint.host) if endpoint.is_secure else connected
    except BaseException:
        connected.close()
        raise


def _refuse_private(address: str, endpoint: Endpoint) -> None:
    if not (endpoint.allow_private or is_public(address)):
        raise NotSent("its address is not one of the internet; set allow_private if that is meant")
