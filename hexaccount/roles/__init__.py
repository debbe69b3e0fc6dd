"""Roles: which permissions an account has on other accounts."""

from hexaccount.kernel.capability import Capability
from hexaccount.roles import (
    grant_role,
    revoke_role,
)

capability = Capability(
    name="roles",
    handlers={
        grant_role.GrantRole: grant_role.grant_role,
        revoke_role.RevokeRole: revoke_role.revoke_role,
    },
)
