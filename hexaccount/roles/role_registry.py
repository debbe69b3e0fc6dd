from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from hexaccount.accounts.role import Role
from hexaccount.kernel.permission import Permission
from hexaccount.roles.errors import UnknownRole


@dataclass(frozen=True, slots=True)
class RoleRegistry:
    """The roles and their permissions: `admin` has all, `user` none, and the settings define further ones."""

    further: Mapping[Role, Collection[Permission]]
    permissions: frozenset[Permission] = frozenset()

    @property
    def names(self) -> list[str]:
        return [Role.USER.name, Role.ADMIN.name, *sorted(role.name for role in self.further)]

    def permissions_of(self, roles: Iterable[Role]) -> frozenset[Permission]:
        """Return the permissions of these roles together; one that the settings do not define any more has none."""
        granted = set(roles)
        if Role.ADMIN in granted:
            return self.permissions
        return frozenset(permission for role in granted for permission in self.further.get(role, ()))

    def check(self, role: Role) -> None:
        """Raise UnknownRole unless the role is defined."""
        if role.name not in self.names:
            raise UnknownRole(self.names)
