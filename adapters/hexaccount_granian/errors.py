class CannotListen(Exception):
    """The service cannot listen on an address; `reason` ends with the remedy."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {host} port {port}: {reason}")
        self.host = host
        self.port = port


class AddressInUse(CannotListen):
    """Another process already listens on the address."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port, "another process listens there; stop it, or choose a free port with --port")


class WorkersFailed(Exception):
    """Worker processes died as soon as they started; the reason is in their log."""


class RequestRejected(Exception):
    """A request gets an error response without the WSGI application; ErrorRenderer renders the arguments.

    `close_connection`: what the client may still send makes the connection unusable for another request.
    """

    def __init__(self, status: int, code: str, detail: str, *, close_connection: bool = False) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.close_connection = close_connection
