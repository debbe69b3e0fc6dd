import ctypes
from multiprocessing.sharedctypes import RawValue


class Draining:
    """Whether the service is about to stop: one byte, shared by the process that made it and its workers.

    Make it before the workers are started. It can be pickled on the way to a new process, and only then.
    """

    def __init__(self) -> None:
        self._flag = RawValue(ctypes.c_bool, False)

    def set(self) -> None:
        """Say that the service is about to stop; there is no way back."""
        self._flag.value = True

    def is_set(self) -> bool:
        """Tell whether the service is about to stop."""
        return self._flag.value
