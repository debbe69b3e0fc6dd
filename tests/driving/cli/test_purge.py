import json
from datetime import timedelta

import pytest

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.retention.ports import ExpiredKind


@pytest.fixture
def leave(program):
    """Leave requests behind that have expired."""

    def leave(number):
        long_ago = program.service.container.clock().now() - timedelta(days=1)
        with program.service.store.unit_of_work() as uow:
            for key in range(number):
                old = IdempotencyRecord(key=str(key), fingerprint="", claimed_until=long_ago, expires_at=long_ago)
                uow.idempotency_records.claim(old, now=long_ago)

    return leave


def test_what_was_removed_is_told_by_its_kind(run, leave):
    leave(3)
    result = run("purge")
    assert (result.exit_code, result.stderr) == (0, "")
    told = dict(line.rsplit(None, 1) for line in result.stdout.splitlines())
    assert told == {kind.replace("_", " "): "0" for kind in ExpiredKind} | {"expired requests": "3"}
    assert "expired requests          0\n" in run("purge").stdout


def test_json_tells_the_same(run, leave):
    leave(2)
    document = json.loads(run("purge", "--json").stdout)
    assert document == {
        "data": {"removed": dict.fromkeys(ExpiredKind, 0) | {"expired_idempotency_records": 2}, "finished": True}
    }


def test_what_is_left_for_another_time_is_said(run, leave, monkeypatch):
    monkeypatch.setattr("hexaccount.retention.apply_retention.BATCH", 1)
    leave(1001)
    assert run("purge").stderr == "There is more; run it again.\n"
    assert run("purge").stderr == ""


def test_a_store_that_is_away_is_told(run, program):
    program.trouble = StoreUnavailable()
    result = run("purge")
    assert (result.exit_code, result.stdout) == (3, "")
