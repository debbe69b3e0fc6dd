import ctypes
from multiprocessing.sharedctypes import RawValue


class Draining:
    """Whether the service is about to stop: one byte that a process shares with the workers that it starts later.

    It can be pickled only on the way to a new process.
    """

    def __init__(self) -> None:
        self._flag = RawValue(ctypes.c_bool, False)

    def set(self) -> None:
        self._flag.value = True

    def is_set(self) -> bool:
        return self._flag.value
