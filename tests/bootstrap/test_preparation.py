"""A store that nobody has chosen is brought to the version that serves; one that was chosen is for its operator."""

from pathlib import Path

import pytest

from hexaccount.bootstrap.preparation import prepare, prepare_to_serve
from hexaccount.bootstrap.settings import DEFAULT_STORE, JwtSettings, Settings
from hexaccount_sql.connections import open_engine
from hexaccount_sql.migration import is_behind, migrate


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def behind(url: str) -> bool:
    engine = open_engine(url)
    try:
        return is_behind(engine)
    finally:
        engine.dispose()


@pytest.mark.parametrize("store", [DEFAULT_STORE, "sqlite:///chosen.db"])
def test_only_a_store_that_nobody_has_chosen_is_migrated_by_serving(store: str) -> None:
    settings = Settings(store=store, jwt=JwtSettings(key=None if store == DEFAULT_STORE else "k" * 40))
    prepare(settings)
    migrate(store, "0001")
    told = prepare_to_serve(settings)
    assert behind(store) == (store != DEFAULT_STORE)
    assert bool(told) == (store == DEFAULT_STORE)
    assert prepare_to_serve(settings) == []
