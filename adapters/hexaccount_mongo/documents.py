"""Maps aggregates, journal entries and refresh tokens to documents and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount_mongo.connections import Document

COLLECTION_OF: Mapping[type[Aggregate], str] = {User: "users", Session: "sessions", Profile: "profiles"}
_SESSION_FIELDS = (
    "user_id", "epoch", "client_address", "user_agent", "opened_at", "last_used_at", "idle_until", "expires_at",
    "closed_at", "version",
)  # fmt: skip
_PROFILE_FIELDS = ("bio", "phone", "address", "updated_at", "version")
_ENTRY_FIELDS = (
    "type", "source", "subject", "time", "aggregate", "aggregate_id", "sequence", "dataschema", "causation_id",
    "traceparent", "data",
)  # fmt: skip
_TOKEN_FIELDS = ("session_id", "issued_at", "predecessor", "spent_at", "salt")


def document_of(aggregate: Aggregate) -> Document:
    """Return the document of an aggregate."""
    match aggregate:
        case User():
            return _user_document(aggregate)
        case Session():
            return _document(aggregate, _SESSION_FIELDS)
        case Profile():
            return _document(aggregate, _PROFILE_FIELDS)
        case _:
            raise TypeError(f"no collection holds a {type(aggregate).__name__}")


def user_from(document: Mapping[str, Any]) -> User:
    """Return the user of a document of `users`."""
    return User(
        id=document["_id"],
        name=UserName.restore(document["name"], document["name_key"]),
        email=EmailAddress.restore(document["email"], document["email_key"]),
        first_name=PersonName.restore(document["first_name"]),
        last_name=PersonName.restore(document["last_name"]),
        avatar_identifier=document["avatar_identifier"],
        roles=frozenset(map(Role, document["roles"])),
        registered_at=document["registered_at"],
        password_hash=document["password_hash"],
        disabled=document["disabled"],
        epoch=document["epoch"],
        version=document["version"],
    )


def session_from(document: Mapping[str, Any]) -> Session:
    """Return the session of a document of `sessions`."""
    return Session(id=document["_id"], **_values(document, _SESSION_FIELDS))


def profile_from(document: Mapping[str, Any]) -> Profile:
    """Return the profile of a document of `profiles`."""
    return Profile(id=document["_id"], **_values(document, _PROFILE_FIELDS))


def entry_from(document: Mapping[str, Any]) -> JournalEntry:
    """Return the entry of a document of `journal`."""
    return JournalEntry(id=document["_id"], **_values(document, _ENTRY_FIELDS))


def entry_document(entry: JournalEntry) -> Document:
    """Return the document of a journal entry."""
    return _document(entry, _ENTRY_FIELDS)


def token_from(document: Mapping[str, Any]) -> RefreshToken:
    """Return the refresh token of a document of `refresh_tokens`."""
    return RefreshToken(digest=document["_id"], **_values(document, _TOKEN_FIELDS))


def token_document(token: RefreshToken) -> Document:
    """Return the document of a refresh token."""
    fields = asdict(token)
    return {"_id": fields.pop("digest"), **fields}


def _user_document(user: User) -> Document:
    return {
        "_id": user.id,
        "name": user.name.text,
        "name_key": user.name.key,
        "email": user.email.text,
        "email_key": user.email.key,
        "first_name": user.first_name.text,
        "last_name": user.last_name.text,
        "avatar_identifier": user.avatar_identifier,
        "roles": sorted(role.name for role in user.roles),
        "registered_at": user.registered_at,
        "password_hash": user.password_hash,
        "disabled": user.disabled,
        "epoch": user.epoch,
        "version": user.version,
    }


def _document(source: Session | Profile | JournalEntry, fields: tuple[str, ...]) -> Document:
    return {"_id": source.id, **{name: getattr(source, name) for name in fields}}


def _values(document: Mapping[str, Any], fields: tuple[str, ...]) -> Document:
    return {name: document[name] for name in fields}
