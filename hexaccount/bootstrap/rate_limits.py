"""Where attempts are counted: in the store, in Redis, or in the memory that the processes of this host share."""

from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from hexaccount.bootstrap.file_access import WORLD_WRITABLE, refuse_foreign, refuse_shared
from hexaccount.bootstrap.key_file import make_data_directory
from hexaccount.bootstrap.settings import DATA_DIRECTORY, Settings, SettingsError
from hexaccount.bootstrap.stores import counters_beside, kind_of
from hexaccount.kernel.files import exists
from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount.rate_limits.ports import RateLimitStore


def host_rate_limits(settings: Settings) -> RateLimitStore:
    """Return the counters of this host; nothing is opened yet."""
    from hexaccount_shared_memory import SharedMemoryRateLimitStore

    return SharedMemoryRateLimitStore(_file_of(settings))


def counters_file(settings: Settings) -> Path | None:
    """Return the file in which the processes of this host count; None where they count elsewhere, or not at all."""
    of_host = settings.counters == "host" or (settings.counters == "store" and _database(settings) is not None)
    return _file_of(settings) if of_host and settings.limits.enabled else None


def check_counters(settings: Settings) -> None:
    """Make the file in which the processes of this host count, if they do and it is missing.

    Raises OSError, Unavailable, and SettingsError for a file of something else, or of another user.
    """
    if (file := counters_file(settings)) is None:
        return
    if file.parent == DATA_DIRECTORY:
        make_data_directory()
    _check_file(file)


def check_rate_limits(settings: Settings) -> list[Finding]:
    """Say what counts attempts, and check the file, which the service makes; raises OSError."""
    file = counters_file(settings)
    if file is not None and exists(file):
        try:
            _check_file(file)
        except SettingsError as error:
            return [Finding(part="rate limits", verdict=Verdict.TO_DO, message=str(error))]
    counted = {
        "host": f"the processes of this host count together, in {file}",
        "redis": "all processes count together, in Redis",
        "store": "all processes count together, in the store",
    }
    if not settings.limits.enabled:
        message = "none: limits.enabled is false"
    else:
        message = counted["host" if file else settings.counters]
    return [Finding(part="rate limits", verdict=Verdict.OK, message=message)]


def _check_file(file: Path) -> None:
    from hexaccount_shared_memory import NoCounters, SharedMemoryRateLimitStore

    refuse_foreign(file)
    refuse_shared(file, WORLD_WRITABLE)
    try:
        SharedMemoryRateLimitStore(file).check()
    except NoCounters as error:
        raise SettingsError(f"limits: {error}") from None


def _file_of(settings: Settings) -> Path:
    if (database := _database(settings)) is not None:
        return counters_beside(database)
    # Services of other stores may have this directory, too. Without user and password, which change.
    parts = urlsplit(settings.store)
    store = f"{parts.netloc.rpartition('@')[2]}{parts.path}"
    return DATA_DIRECTORY / f"rate-limits-{sha256(store.encode()).hexdigest()[:16]}"


def _database(settings: Settings) -> Path | None:
    return kind_of(settings).file_path(settings.store)
