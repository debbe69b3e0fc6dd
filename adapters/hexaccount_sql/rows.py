"""Maps aggregates and journal entries to rows and back, by the order of columns in `schema`."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount_sql import schema

TABLES: Mapping[type[Aggregate], sa.Table] = {
    User: schema.users,
    Session: schema.sessions,
    Profile: schema.profiles,
}


def row_of(aggregate: Aggregate) -> dict[str, Any]:
    """Return the row of an aggregate."""
    match aggregate:
        case User():
            return _user_row(aggregate)
        case Session():
            return _session_row(aggregate)
        case Profile():
            return _profile_row(aggregate)
        case _:
            raise TypeError(f"no table holds a {type(aggregate).__name__}")


def user_from(row: Sequence[Any]) -> User:
    """Return the user of a row of `users`."""
    return User(
        id=row[0],
        name=UserName.restore(row[1], row[2]),
        email=EmailAddress.restore(row[3], row[4]),
        first_name=PersonName.restore(row[5]),
        last_name=PersonName.restore(row[6]),
        avatar_identifier=row[7],
        roles=frozenset(map(Role, row[8].split())),
        registered_at=row[9],
        password_hash=row[10],
        disabled=row[11],
        epoch=row[12],
        version=row[13],
    )


def session_from(row: Sequence[Any]) -> Session:
    """Return the session of a row of `sessions`."""
    return Session(
        id=row[0],
        user_id=row[1],
        epoch=row[2],
        client_address=row[3],
        user_agent=row[4],
        opened_at=row[5],
        last_used_at=row[6],
        idle_until=row[7],
        expires_at=row[8],
        closed_at=row[9],
        version=row[10],
    )


def token_from(row: Sequence[Any]) -> RefreshToken:
    """Return the refresh token of a row of `refresh_tokens`."""
    return RefreshToken(
        digest=row[0], session_id=row[1], issued_at=row[2], predecessor=row[3], spent_at=row[4], salt=row[5]
    )


def token_row(token: RefreshToken) -> dict[str, Any]:
    """Return the row of a refresh token."""
    return {column.name: getattr(token, column.name) for column in schema.refresh_tokens.columns}


def profile_from(row: Sequence[Any]) -> Profile:
    """Return the profile of a row of `profiles`."""
    return Profile(id=row[0], bio=row[1], phone=row[2], address=row[3], updated_at=row[4], version=row[5])


def entry_from(row: Sequence[Any]) -> JournalEntry:
    """Return the entry of a row of `journal`."""
    return JournalEntry(
        aggregate=row[0],
        aggregate_id=row[1],
        sequence=row[2],
        id=row[3],
        type=row[4],
        source=row[5],
        subject=row[6],
        time=row[7],
        dataschema=row[8],
        causation_id=row[9],
        traceparent=row[10],
        data=row[11],
    )


def entry_row(entry: JournalEntry) -> dict[str, Any]:
    """Return the row of a journal entry."""
    return {column.name: getattr(entry, column.name) for column in schema.journal.columns}


def _user_row(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name.text,
        "name_key": user.name.key,
        "email": user.email.text,
        "email_key": user.email.key,
        "first_name": user.first_name.text,
        "last_name": user.last_name.text,
        "avatar_identifier": user.avatar_identifier,
        "roles": " ".join(sorted(role.name for role in user.roles)),
        "registered_at": user.registered_at,
        "password_hash": user.password_hash,
        "disabled": user.disabled,
        "epoch": user.epoch,
        "version": user.version,
    }


def _session_row(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "user_id": session.user_id,
        "epoch": session.epoch,
        "client_address": session.client_address,
        "user_agent": session.user_agent,
        "opened_at": session.opened_at,
        "last_used_at": session.last_used_at,
        "idle_until": session.idle_until,
        "expires_at": session.expires_at,
        "closed_at": session.closed_at,
        "version": session.version,
    }


def _profile_row(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "bio": profile.bio,
        "phone": profile.phone,
        "address": profile.address,
        "updated_at": profile.updated_at,
        "version": profile.version,
    }
