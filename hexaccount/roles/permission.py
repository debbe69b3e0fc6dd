from enum import StrEnum


class Permission(StrEnum):
    """One thing that a role may allow its holders to do to the accounts of others."""

    READ_USERS = "users.read"
    READ_SESSIONS = "sessions.read"
    END_SESSIONS = "sessions.end"
