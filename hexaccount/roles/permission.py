from enum import StrEnum


class Permission(StrEnum):
    """One thing that a role may allow to do to other accounts."""

    READ_USERS = "users.read"
    READ_SESSIONS = "sessions.read"
    END_SESSIONS = "sessions.end"
