"""Plug-ins: what other installed packages add to the service, found by the entry points that they declare.

Each group of entry points holds one kind of plug-in. Looking for them imports none of them.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from importlib.metadata import EntryPoint, SelectableGroups

T = TypeVar("T")

STORES = "hexaccount.stores"
"""Names are URL schemes of the setting `store`; a function opens a store."""
CAPABILITIES = "hexaccount.capabilities"
"""Each is a Capability."""
PUBLISHERS = "hexaccount.publishers"
"""Names are URL schemes of the setting `events`; a function opens an EventPublisher."""
MAILERS = "hexaccount.mailers"
"""Names are URL schemes of the setting `mail.url`; a function opens a Mailer."""
HASHERS = "hexaccount.hashers"
"""Names are values of the setting `password.hasher`; a function opens a PasswordHasher."""
HTTP = "hexaccount.http"
"""Each is the Routes of a capability."""
COMMANDS = "hexaccount.commands"
"""Names are commands of `hexaccount`; each is a Click command."""


class PluginError(Exception):
    """A plug-in cannot be used; the message names its package, its entry point and the remedy."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry point of another package."""

    entry: "EntryPoint"

    @property
    def package(self) -> str:
        """Return the name and version of its package."""
        return f"{self.entry.dist.name} {self.entry.dist.version}" if self.entry.dist else self.module

    @property
    def module(self) -> str:
        return self.entry.module

    def load(self, kind: type[T]) -> T:
        """Import the plug-in and return it; raises PluginError unless it is a `kind`."""
        try:
            loaded = self.entry.load()
        except (Exception, SystemExit) as error:  # another package's module may raise anything
            raise self.error(f"cannot be imported ({type(error).__name__}: {error})") from error
        if not isinstance(loaded, kind):
            raise self.error(f"is of type {type(loaded).__name__}, not {kind.__name__}")
        return loaded

    def opener(self) -> "Callable[..., Any]":
        """Import the plug-in and return it; raises PluginError unless it is a function."""
        loaded: Any = self.load(object)
        if not callable(loaded):
            raise self.error(f"is of type {type(loaded).__name__}, not a function that opens it")
        opener: Callable[..., Any] = loaded
        return opener

    def error(self, fault: str) -> PluginError:
        """Return the error that says what is wrong with the plug-in."""
        return PluginError(
            f"upgrade, reinstall or uninstall the package {self.package}: "
            f"its entry point {self.entry.name} of {self.entry.group} ({self.entry.value}) {fault}"
        )


def plugin_names(group: str) -> list[str]:
    """Return the names of a group's plug-ins, sorted."""
    return sorted(_scan().select(group=group).names)


def known_schemes(built_in: "Iterable[str]", group: str) -> str:
    """Return what to write where a URL has a scheme that neither is built in nor has a plug-in of the group."""
    known = ", ".join(f"{scheme}://" for scheme in dict.fromkeys([*built_in, *plugin_names(group)]))
    return (
        f"write a URL that begins with one of {known}; for another, install a package that provides it as an entry "
        f"point of {group}"
    )


def find_plugin(group: str, name: str) -> Plugin | None:
    """Return the plug-in of a name; raises PluginError where several packages have one."""
    found = [Plugin(entry) for entry in _scan().select(group=group, name=name)]
    if len(found) > 1:
        packages = " and ".join(sorted(plugin.package for plugin in found))
        raise PluginError(
            f"uninstall all but one of the packages {packages}, which have an entry point {name} of {group}"
        )
    return found[0] if found else None


def find_plugins(group: str) -> list[Plugin]:
    """Return all plug-ins of a group by their names; raises PluginError where several packages have one."""
    found = (find_plugin(group, name) for name in plugin_names(group))
    return [plugin for plugin in found if plugin is not None]


def load_plugins(group: str, kind: type[T]) -> list[T]:
    """Import all plug-ins of a group, by their names; raises PluginError."""
    return [plugin.load(kind) for plugin in find_plugins(group)]


@cache
def _scan() -> "SelectableGroups":
    """Return the entry points of all groups: reading those of one group takes as long."""
    from importlib.metadata import entry_points

    return entry_points()
