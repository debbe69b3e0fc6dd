"""A MongoDB that refuses to work makes the store unready, with the remedy."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pymongo import MongoClient

from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_users, save
from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount_mongo import MongoStore
from tests.adapters.mongo.conftest import open_store
from tests.servers.mongo import MongoServer, quick_directory

_PASSWORD = "a password"
_PEOPLE = Factory()
_ACTIONS = ["find", "insert", "update", "remove"]


class AuthenticatingServer(MongoServer):
    """A server with authentication."""

    def command(self) -> Sequence[str | Path]:
        key = self.home / "key"
        if not key.exists():
            key.write_text("a" * 40)
            key.chmod(0o400)
        return [*super().command(), "--keyFile", key]

    def admin(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(self.url, username="root", password=_PASSWORD)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthenticatingServer]:
    with AuthenticatingServer(quick_directory(tmp_path_factory.mktemp("mongo"))) as server:
        with MongoClient[dict[str, Any]](server.url) as first:  # localhost exception: one user without authentication
            first.admin.command("createUser", "root", pwd=_PASSWORD, roles=["root"])
        with server.admin() as admin:
            make = admin["accounts"].command
            make("createUser", "owner", pwd=_PASSWORD, roles=["readWrite", "dbAdmin"])
            make("createUser", "reader", pwd=_PASSWORD, roles=["read"])
            make("createUser", "unprivileged", pwd=_PASSWORD, roles=[])
            narrow = [{"resource": {"db": "accounts", "collection": ""}, "actions": ["find", "insert"]}]
            narrow += [
                {"resource": {"db": "accounts", "collection": name}, "actions": _ACTIONS}
                for name in (
                    "users", "sessions", "profiles", "subscriptions", "deliveries", "inbox", "refresh_tokens",
                    "signing_keys", "rate_limits", "idempotency_records", "unique_values", "account_keys", "erasures",
                    "admin_roster",
                    "one_time_tokens",
                )
            ]  # fmt: skip
            make("createRole", "narrow", privileges=narrow, roles=[])
            make("createUser", "narrow", pwd=_PASSWORD, roles=["narrow"])
        with store_of("owner", server) as store:
            store.migrate()
        yield server


@contextmanager
def store_of(user: str, server: AuthenticatingServer, password: str = _PASSWORD) -> Iterator[MongoStore]:
    """Open the store as a user."""
    credentials = f"{user}:{quote(password)}"
    with closing(open_store(server.url.replace("//", f"//{credentials}@").replace("/?", "/accounts?"))) as store:
        yield store


def test_missing_privileges_are_refused_with_the_remedy(closed: AuthenticatingServer) -> None:
    for user in ("reader", "unprivileged"):
        with store_of(user, closed) as store:
            for action in (store.check, lambda: save(store, _PEOPLE.user())):
                with pytest.raises(StoreRefused, match="may not do this in the database; grant the role readWrite on"):
                    action()


@pytest.mark.parametrize("user", ["owner", "narrow"])
def test_a_user_with_sufficient_privileges_can_serve(closed: AuthenticatingServer, user: str) -> None:
    with store_of(user, closed) as store:
        store.check()
        save(store, _PEOPLE.user())
        assert all_users(store)


def test_a_wrong_password_is_refused_with_the_remedy_and_never_shown(closed: AuthenticatingServer) -> None:
    with store_of("owner", closed, "not this one") as store:
        for action in (store.check, store.migrate):
            with pytest.raises(StoreRefused, match="refuses the user or the password; correct the setting st") as error:
                action()
            assert "not this one" not in str(error.value)
