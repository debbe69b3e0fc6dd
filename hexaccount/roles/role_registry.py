from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from hexaccount.accounts.role import Role
from hexaccount.roles.errors import UnknownRole
from hexaccount.roles.permission import Permission


@dataclass(frozen=True, slots=True)
class RoleRegistry:
    """The roles there are and what each allows: `admin` everything, `user` nothing, and those of the settings."""

    further: Mapping[Role, Collection[Permission]]

    @property
    def names(self) -> list[str]:
        """Return the names of all roles."""
        return [Role.USER.name, Role.ADMIN.name, *sorted(role.name for role in self.further)]

    def permissions_of(self, roles: Iterable[Role]) -> frozenset[Permission]:
        """Return what these roles allow together; one that the settings do not know any more allows nothing."""
        granted = set(roles)
        if Role.ADMIN in granted:
            return frozenset(Permission)
        return frozenset(permission for role in granted for permission in self.further.get(role, ()))

    def check(self, role: Role) -> None:
        """Return if there is such a role; raises UnknownRole."""
        if role.name not in self.names:
            raise UnknownRole(self.names)
