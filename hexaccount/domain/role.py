from enum import StrEnum


class Role(StrEnum):
    """What an account may do beyond looking after itself."""

    USER = "user"
    ADMIN = "admin"
