"""Why a delivery failed; neither message contains more of a URL than its host."""


class EndpointUnreachable(Exception):
    """No connection came about, so nothing was sent; no event is the cause."""


class DeliveryFailed(Exception):
    """At least a part of the event was sent, and the receiver did not acknowledge it."""
