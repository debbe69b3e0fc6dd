"""Serving migrates the default store; one that the operator chose needs `migrate`."""

import pytest

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.bootstrap.preparation import prepare, prepare_to_serve
from hexaccount.bootstrap.settings import DEFAULT_STORE, JwtSettings, Settings
from hexaccount_sql.connections import open_engine
from hexaccount_sql.migration import is_behind, migrate
from tests.signing_key import SIGNING_KEY
from tests.upgrades.planted_migration import planted_migration

pytestmark = pytest.mark.usefixtures("folder")


def is_schema_behind(url: str) -> bool:
    engine = open_engine(url)
    try:
        return is_behind(engine, record_schema())
    finally:
        engine.dispose()


@pytest.mark.parametrize("store", [DEFAULT_STORE, "sqlite:///chosen.db"])
def test_serving_migrates_the_default_store_only(store: str) -> None:
    settings = Settings(store=store, jwt=JwtSettings(key=None if store == DEFAULT_STORE else SIGNING_KEY))
    prepare(settings)
    migrate(store, "0001")
    with planted_migration():
        report = prepare_to_serve(settings)
        assert is_schema_behind(store) == (store != DEFAULT_STORE)
        assert bool(report) == (store == DEFAULT_STORE)
        assert prepare_to_serve(settings) == []
