"""Why an event has not been delivered; neither error repeats more of a URL than its host."""


class NotSent(Exception):
    """Nothing was sent, as there is no connection to the receiver that may be used; this is no event's fault."""


class NotTaken(Exception):
    """The event was sent, or a part of it, and the receiver did not say that it has it."""
