"""Archives of events in folders: NDJSON, compressed with Zstandard, and a manifest."""

from hexaccount_archive.folders import FolderArchives

__all__ = ["FolderArchives"]
