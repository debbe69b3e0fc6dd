"""A store in one append-only file, for one process at a time."""

from hexaccount_filestore.store import FileStore, open_store

__all__ = ["FileStore", "open_store"]
