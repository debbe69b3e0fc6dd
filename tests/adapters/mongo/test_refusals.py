"""A MongoDB that is there and does not let us work: nobody is told that all is well, and the remedy is named."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pymongo import MongoClient

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import all_users, save
from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount_mongo import MongoStore
from tests.adapters.mongo.conftest import open_store
from tests.servers.mongo import MongoServer, quick_directory

_PASSWORD = "a word of the servers"
_PEOPLE = People()
_DEEDS = ["find", "insert", "update", "remove"]


class ClosedServer(MongoServer):
    """A server that asks everybody who they are."""

    def command(self) -> Sequence[str | Path]:
        key = self.home / "key"
        if not key.exists():
            key.write_text("a" * 40)
            key.chmod(0o400)
        return [*super().command(), "--keyFile", key]

    def admin(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(self.url, username="root", password=_PASSWORD)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClosedServer]:
    with ClosedServer(quick_directory(tmp_path_factory.mktemp("mongo"))) as server:
        with MongoClient[dict[str, Any]](server.url) as first:  # who comes from the same machine may make one user
            first.admin.command("createUser", "root", pwd=_PASSWORD, roles=["root"])
        with server.admin() as admin:
            make = admin["accounts"].command
            make("createUser", "owner", pwd=_PASSWORD, roles=["readWrite", "dbAdmin"])
            make("createUser", "reader", pwd=_PASSWORD, roles=["read"])
            make("createUser", "stranger", pwd=_PASSWORD, roles=[])
            narrow = [{"resource": {"db": "accounts", "collection": ""}, "actions": ["find", "insert"]}]
            narrow += [
                {"resource": {"db": "accounts", "collection": name}, "actions": _DEEDS}
                for name in (
                    "users", "sessions", "profiles", "subscriptions", "deliveries", "inbox", "refresh_tokens",
                    "signing_keys", "allowances", "idempotency_keys",
                )
            ]  # fmt: skip
            make("createRole", "narrow", privileges=narrow, roles=[])
            make("createUser", "narrow", pwd=_PASSWORD, roles=["narrow"])
        with store_of("owner", server) as store:
            store.migrate()
        yield server


@contextmanager
def store_of(user: str, server: ClosedServer, password: str = _PASSWORD) -> Iterator[MongoStore]:
    """Give the store as a user has it."""
    credentials = f"{user}:{quote(password)}"
    with closing(open_store(server.url.replace("//", f"//{credentials}@").replace("/?", "/accounts?"))) as store:
        yield store


def test_a_user_without_the_rights_is_refused_with_the_remedy(closed: ClosedServer) -> None:
    for user in ("reader", "stranger"):
        with store_of(user, closed) as store:
            for deed in (store.check, lambda: save(store, _PEOPLE.user())):
                with pytest.raises(StoreRefused, match="may not do this in the database; grant the role readWrite on"):
                    deed()


@pytest.mark.parametrize("user", ["owner", "narrow"])
def test_a_user_who_may_do_all_that_is_needed_is_let_be(closed: ClosedServer, user: str) -> None:
    with store_of(user, closed) as store:
        store.check()
        save(store, _PEOPLE.user())
        assert all_users(store)


def test_a_wrong_password_is_refused_with_the_remedy_and_without_it(closed: ClosedServer) -> None:
    with store_of("owner", closed, "not this one") as store:
        for deed in (store.check, store.migrate):
            with pytest.raises(StoreRefused, match="refuses the user or the password; correct the setting st") as told:
                deed()
            assert "not this one" not in str(told.value)
