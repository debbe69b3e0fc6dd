"""What has to be there before the service can run: the data directory, a signing key, a schema."""

from hexaccount.bootstrap.key_file import KEY_FILE, make_data_directory, make_key_file, seed_of
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import DEFAULT_STORE, Settings
from hexaccount.bootstrap.stores import kind_of
from hexaccount.store_kit.store import SchemaMismatch


def prepare(settings: Settings) -> list[str]:
    """Make what is missing, and return what was made where; it may be repeated."""
    lines = []
    if settings.jwt.key is None and (made := make_key_file()):
        lines.append(f"made a signing key in {made}")
    if settings.store == DEFAULT_STORE:
        make_data_directory()
    with open_service(settings) as service:
        version = service.store.migrate()
        service.subscribe()
    return [*lines, f"the schema is version {version}"]


def prepare_to_serve(settings: Settings) -> list[str]:
    """Make what is missing where no store was chosen, otherwise make sure that nothing is; return what was made.

    Raises SettingsError without a key that can be used, SchemaMismatch without a schema, and StoreUnavailable.
    """
    if settings.store == DEFAULT_STORE and not _is_ready(settings):
        return prepare(settings)
    seed_of(settings)
    if kind_of(settings).lasts:
        check_store_is_there(settings)
        with open_service(settings) as service:
            service.store.check()
    return []


def check_store_is_there(settings: Settings) -> None:
    """Return unless the store is a file that is missing, which a mere look would create; SchemaMismatch."""
    file = kind_of(settings).file_of(settings.store)
    if file is not None and not file.exists():
        raise SchemaMismatch(f"there is no database {file} yet; run `hexaccount migrate`")


def _is_ready(settings: Settings) -> bool:
    if settings.jwt.key is None and not KEY_FILE.exists():
        return False
    try:
        check_store_is_there(settings)
        with open_service(settings) as service:
            service.store.check()
            return not service.store.is_behind()
    except SchemaMismatch:
        return False
