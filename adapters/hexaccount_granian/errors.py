class CannotListen(Exception):
    """The address to serve on cannot be had."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        """Take the address that was asked for, and why it cannot be had, with the remedy."""
        super().__init__(f"cannot listen on {host} port {port}: {reason}")
        self.host = host
        self.port = port


class AddressInUse(CannotListen):
    """Another process listens on the address already."""

    def __init__(self, host: str, port: int) -> None:
        """Take the address that is taken."""
        super().__init__(host, port, "another process listens there; stop it, or choose a free port with --port")


class WorkersFailed(Exception):
    """Worker processes died faster than it makes sense to replace them; what they logged says why."""


class Refused(Exception):
    """A request that is answered without the WSGI application."""

    def __init__(self, status: int, code: str, detail: str, *, ends_connection: bool = False) -> None:
        """Take what Refusal renders, and whether what the client may still send makes the connection useless."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.ends_connection = ends_connection
