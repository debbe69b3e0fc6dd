"""The accounts in the store."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.errors import EmailTaken, UserNameTaken, UserNotFound
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import User
from hexaccount.kernel.records import Field, LookUp, RecordType, Row, Unique
from hexaccount.kernel.unit_of_work import UnitOfWork

_BY_ID = LookUp()


def _load(row: Row) -> User:
    return User(
        id=row[0],
        name=UserName.restore(row[1], row[2]),
        email=EmailAddress.restore(row[3], row[4]),
        first_name=PersonName.restore(row[5]),
        last_name=PersonName.restore(row[6]),
        avatar_identifier=row[7],
        roles=frozenset(map(Role, row[8])),
        registered_at=row[9],
        password_hash=row[10],
        email_verified=row[11],
        disabled=row[12],
        epoch=row[13],
        version=row[14],
    )


def _dump(user: User) -> Row:
    return (
        user.id,
        user.name.text,
        user.name.key,
        user.email.text,
        user.email.key,
        user.first_name.text,
        user.last_name.text,
        user.avatar_identifier,
        tuple(sorted(role.name for role in user.roles)),
        user.registered_at,
        user.password_hash,
        user.email_verified,
        user.disabled,
        user.epoch,
        user.version,
    )


USERS = RecordType(
    name="users",
    kind=User.kind,
    fields=(
        Field("id", UUID),
        Field("name", str),
        Field("name_key", str),
        Field("email", str),
        Field("email_key", str),
        Field("first_name", str),
        Field("last_name", str),
        Field("avatar_identifier", str),
        Field("roles", tuple),
        Field("registered_at", datetime),
        Field("password_hash", str, secret=True),
        Field("email_verified", bool),
        Field("disabled", bool),
        Field("epoch", int),
        Field("version", int),
    ),
    load=_load,
    dump=_dump,
    unique=(Unique("name_key", lambda _: UserNameTaken()), Unique("email_key", lambda _: EmailTaken())),
    look_ups=(_BY_ID,),
)


class Users:
    """The repository of accounts; names and addresses are found by their folded keys."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._records = uow.records(USERS)

    def add(self, user: User) -> None:
        """Add an account; the commit raises UserNameTaken or EmailTaken, that of the name first."""
        self._records.add(user)

    def get(self, user_id: UUID) -> User:
        """Return an account; raises UserNotFound."""
        user = self._records.get(user_id)
        if user is None:
            raise UserNotFound
        return user

    def find(self, user_id: UUID) -> User | None:
        return self._records.get(user_id)

    def find_by_name(self, key: str) -> User | None:
        return self._records.find("name_key", key)

    def find_by_email(self, key: str) -> User | None:
        return self._records.find("email_key", key)

    def remove(self, user: User) -> None:
        """At commit, remove an account that this unit of work has read."""
        self._records.remove(user)

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        """Return up to `limit` accounts with ids above `after`, by ascending id."""
        return self._records.page(_BY_ID, limit=limit, after=after)
