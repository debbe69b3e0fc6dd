"""Creates what the service needs before it can run: the data directory, a signing key and the schema."""

from pathlib import Path

from msgspec.structs import replace

from hexaccount.bootstrap.file_access import WORLD_WRITABLE, check_database_file, refuse_foreign, refuse_shared
from hexaccount.bootstrap.key_file import KEY_FILE, is_key_file_missing, make_data_directory, make_key_file, root_key_of
from hexaccount.bootstrap.personal_data import has_readable_keys, move_keys
from hexaccount.bootstrap.plugins import CAPABILITIES, plugin_names
from hexaccount.bootstrap.rate_limits import check_counters
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import DEFAULT_STORE, PREFIX, Settings, SettingsError
from hexaccount.bootstrap.stores import kind_of
from hexaccount.erasure.repeat_erasures import repeat_listed_erasures
from hexaccount.kernel.files import exists
from hexaccount.personal_data.rewrap_account_keys import RewrapAccountKeys
from hexaccount.store_kit.store import SchemaMismatch


def prepare(settings: Settings) -> list[str]:
    """Create what is missing, upgrade the schema and return a report, one line each; repeatable.

    Raises SettingsError, StoreUnavailable, and Unavailable if the data directory cannot be written.
    """
    lines = []
    key_is_missing = settings.jwt.key is None and is_key_file_missing()
    if settings.store == DEFAULT_STORE:
        make_data_directory()
    check_store_access(settings)
    with open_service(settings) as service:
        version = service.store.migrate()
        if (separate_keys := service.container.separate_keys()) is not None:
            separate_keys.migrate()
            if moved := move_keys(service.store, separate_keys):
                lines.append(f"account keys moved to the store of personal_data.keys: {moved}")
        lines += _make_signing_key(service, missing=key_is_missing)
        service.subscribe()
        lines += [*_rewrap_keys(service), *_repeat_erasures(service)]
    return [*lines, f"the schema is version {version}"]


def _make_signing_key(service: Service, *, missing: bool) -> list[str]:
    """Make the key file, but none in place of one that is missing; raises LostRootKey if the key is another one."""
    try:
        encrypted = has_encrypted_data(service)
    except SettingsError:
        if not missing:
            raise
        raise SettingsError(
            f"{KEY_FILE} is missing, under which data in the store is encrypted: restore it, or set {PREFIX}JWT__KEY "
            "to its content"
        ) from None
    made = make_key_file() if missing and not encrypted else None
    return [f"made a signing key in {made}"] if made else []


def has_encrypted_data(service: Service) -> bool:
    """Return whether there are account keys; raises LostRootKey if they are of another key, SettingsError if of none.

    A store with data of two keys would answer some people with errors and others not.
    """
    container = service.container
    return has_readable_keys(service.store, container.key_store(), container.account_cipher())


def _rewrap_keys(service: Service) -> list[str]:
    """Encrypt account keys under the current root key, if the former one is set."""
    if service.settings.personal_data.previous_key is None:
        return []
    rewrapped, after = 0, None
    while True:
        step = service.bus.handle(RewrapAccountKeys(after=after))
        rewrapped, after = rewrapped + step.keys, step.next
        if after is None:
            return [f"account keys encrypted under jwt.key: {rewrapped}; personal_data.previous_key is not needed now"]


def _repeat_erasures(service: Service) -> list[str]:
    """Erase the accounts that were erased before and that a restored backup has brought back."""
    erased = repeat_listed_erasures(service.bus)
    return [f"accounts erased again, which a backup had brought back: {erased}"] if erased else []


def prepare_to_serve(settings: Settings) -> list[str]:
    """Prepare the default store, or check the store that the operator chose; returns the lines of `prepare`.

    Raises SettingsError without a usable key, SchemaMismatch without a schema, PluginError for a capability of another
    package that cannot be served, StoreUnavailable and Unavailable.
    """
    lines = _prepare_store(settings)
    check_counters(settings)
    if plugin_names(CAPABILITIES):
        with open_service(settings) as service:
            _ = service.bus  # which binds the handlers
    return lines


def _prepare_store(settings: Settings) -> list[str]:
    if settings.store == DEFAULT_STORE and not _is_ready(settings):
        return prepare(settings)
    root_key_of(settings)
    if kind_of(settings).persistent:
        check_store_exists(settings)
        with open_service(settings) as service:
            service.check_stores()
            has_encrypted_data(service)
    return []


def check_store_exists(settings: Settings) -> None:
    """Raise SchemaMismatch if the store is a file that does not exist, as opening it would create it.

    Raises SettingsError and OSError as `check_store_access` does.
    """
    for file in _store_files(settings):
        if not exists(file):
            raise SchemaMismatch(f"there is no database {file} yet")
    check_store_access(settings)


def check_store_access(settings: Settings) -> None:
    """Raise SettingsError if the store is a file that another user has made or may write; it need not exist.

    Raises OSError if it can be neither opened nor made.
    """
    for file in _store_files(settings):
        refuse_shared(file.parent, WORLD_WRITABLE)
        for suffix in ("", "-wal", "-shm", "-journal"):  # from which SQLite reads what the file does not have yet
            path = file.with_name(f"{file.name}{suffix}")
            refuse_foreign(path)
            refuse_shared(path, WORLD_WRITABLE)
        check_database_file(file)


def _store_files(settings: Settings) -> list[Path]:
    keys = settings.personal_data.keys
    both = [settings] if keys is None else [settings, replace(settings, store=keys)]
    return [file for each in both if (file := kind_of(each).file_path(each.store)) is not None]


def _is_ready(settings: Settings) -> bool:
    try:
        if settings.jwt.key is None and not exists(KEY_FILE):
            return False
        check_store_exists(settings)
        with open_service(settings) as service:
            service.check_stores()
            has_encrypted_data(service)
            return not service.store.is_behind()
    except (SchemaMismatch, PermissionError):
        return False
