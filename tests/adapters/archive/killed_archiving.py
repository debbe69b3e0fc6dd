"""Archives events in a process that is killed at a given point."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from hexaccount.archive import batches, write_archive
from hexaccount.archive.remove_archived import RemoveArchived
from hexaccount.archive.write_archive import WriteArchive
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount.kernel.messages import Command
from hexaccount_archive import files
from hexaccount_sql.retention import SqlRetentionStore
from tests.signing_key import SIGNING_KEY

KILLED = 9


def settings_of(url: str) -> Settings:
    return Settings(store=url, jwt=JwtSettings(key=SIGNING_KEY))


def archive(url: str, folder: Path, before: datetime, killed_at: int) -> None:
    """Archive with small files and batches, and end at the given point without any cleaning up."""
    points = count(1)

    def point() -> None:
        if next(points) == killed_at:
            os._exit(KILLED)

    def counted(action: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **more: Any) -> Any:
            point()
            return action(*args, **more)

        return run

    batches.BATCH, files.MAX_BYTES, write_archive.YOUNGEST = 4, 2000, timedelta(days=-1)
    for owner, name in ((os, "open"), (os, "fsync"), (Path, "mkdir"), (Path, "rename")):
        setattr(owner, name, counted(getattr(owner, name)))
    SqlRetentionStore.remove_events = counted(SqlRetentionStore.remove_events)  # type: ignore[method-assign]  # counted in the test
    with open_service(settings_of(url)) as service:
        command: Command[Any] = WriteArchive(before=before, folder=folder)
        manifest = service.bus.handle(command)
        for file in manifest.files if manifest else ():
            service.bus.handle(RemoveArchived(folder=folder, file=file))
