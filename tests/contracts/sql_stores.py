from hexaccount.application.ports.store import Store
from hexaccount.application.recorder import Recorder
from hexaccount_sql import SqlStore


def open_sql_store(url: str, recorder: Recorder) -> Store:
    """Return a handle; of a module, so that other processes can be told to call it."""
    return SqlStore(url, recorder=recorder)
