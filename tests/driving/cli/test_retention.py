import json
from datetime import timedelta

import pytest

from hexaccount.conformance.suites.expired import KINDS
from hexaccount.idempotency.idempotency_records import IdempotencyRecord, claim_key
from hexaccount.kernel.unit_of_work import StoreUnavailable


@pytest.fixture
def expire(program):
    """Store idempotency records that have expired."""

    def expire(number):
        long_ago = program.service.container.clock().now() - timedelta(days=1)
        for key in range(number):
            old = IdempotencyRecord(key=str(key), fingerprint="", claimed_until=long_ago, expires_at=long_ago)
            claim_key(old, program.service.store.unit_of_work, now=long_ago)

    return expire


def test_removed_records_are_counted_by_kind(run, expire):
    expire(3)
    result = run("purge")
    assert (result.exit_code, result.stderr) == (0, "")
    counts = dict(line.rsplit(None, 1) for line in result.stdout.splitlines())
    assert counts == {kind.replace("_", " "): "0" for kind in KINDS} | {"expired idempotency records": "3"}
    assert "expired idempotency records  0\n" in run("purge").stdout


def test_json_has_the_same_counts(run, expire):
    expire(2)
    document = json.loads(run("purge", "--json").stdout)
    assert document == {
        "data": {"removed": dict.fromkeys(KINDS, 0) | {"expired_idempotency_records": 2}, "finished": True}
    }


def test_an_unfinished_run_says_that_more_records_have_expired(run, expire, monkeypatch):
    monkeypatch.setattr("hexaccount.retention.apply_retention.BATCH", 1)
    expire(1001)
    assert run("purge").stderr == "Run it again: more records have expired.\n"
    assert run("purge").stderr == ""


def test_an_unavailable_store_has_its_exit_code(run, program):
    program.open_error = StoreUnavailable()
    result = run("purge")
    assert (result.exit_code, result.stdout) == (3, "")
