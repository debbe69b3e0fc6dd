"""The password hasher of the setting `password.hasher`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hexaccount.bootstrap import plugins
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.passwords.ports import PasswordHasher

if TYPE_CHECKING:
    from hexaccount_security import HashingPool

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


def open_hasher(settings: Settings, pool: "HashingPool") -> PasswordHasher:
    """Return the hasher of the setting; raises SettingsError and PluginError."""
    from hexaccount_security import BcryptHasher, SuccessorHasher

    bcrypt = BcryptHasher(settings.password.cost, pool)
    opener = hasher_plugin(settings.password.hasher)
    return bcrypt if opener is None else SuccessorHasher(opener(pool.run), bcrypt)
