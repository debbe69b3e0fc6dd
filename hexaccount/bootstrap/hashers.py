"""The password hasher of the setting `password.hasher`, and what computes bcrypt by `password.engine`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hexaccount.bootstrap import plugins
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.kernel.metrics import Metrics
from hexaccount.passwords.metrics import HASH_ENGINE
from hexaccount.passwords.ports import PasswordHasher

if TYPE_CHECKING:
    from hexaccount_security import BcryptEngine, HashingPool

BUILT_IN = "bcrypt"


def hasher_plugin(name: str) -> Callable[..., Any] | None:
    """Return the function of another package that opens the hasher of this name, None for the built-in one.

    Raises SettingsError if no package has one, and PluginError.
    """
    if name == BUILT_IN:
        return None
    plugin = plugins.find_plugin(plugins.HASHERS, name)
    if plugin is None:
        known = ", ".join([BUILT_IN, *plugins.plugin_names(plugins.HASHERS)])
        raise SettingsError(
            f"password.hasher: it must be one of {known}; for another, install a package that provides it as an entry "
            f"point of {plugins.HASHERS}"
        )
    return plugin.opener()


def bcrypt_engine(settings: Settings) -> "BcryptEngine":
    """Return what computes bcrypt; raises SettingsError if this machine does not have what the setting asks for."""
    from hexaccount_security import EngineUnavailable, choose_engine

    name = settings.password.engine
    try:
        return choose_engine(name)
    except EngineUnavailable as error:
        raise SettingsError(f"password.engine: {name} cannot be used: {error}; or set it to auto") from error


def open_hasher(settings: Settings, pool: "HashingPool", metrics: Metrics) -> PasswordHasher:
    """Return the hasher of the setting; raises SettingsError and PluginError."""
    from hexaccount_security import BcryptHasher, SuccessorHasher

    engine = bcrypt_engine(settings)
    metrics.set(HASH_ENGINE, 1, engine.name)
    bcrypt = BcryptHasher(settings.password.cost, pool, engine)
    opener = hasher_plugin(settings.password.hasher)
    return bcrypt if opener is None else SuccessorHasher(opener(pool.run), bcrypt)
