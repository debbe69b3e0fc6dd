"""A running service publishes its events to webhooks and Redis streams."""

import json
import time

from tests.adapters.webhooks.receivers import SECRET, receiving
from tests.servers.redis import client
from tests.service.account import Account

REGISTERED, CREATED = "hexaccount.user.registered.v1", "hexaccount.profile.created.v1"


def test_a_registration_on_either_worker_is_published_to_a_webhook_and_a_stream(serving, redis_url: str) -> None:
    stream = f"{redis_url}/accounts?length=1000"
    with receiving() as receiver, client(redis_url) as redis:
        webhooks = [{"name": "crm", "url": receiver.url, "secret": SECRET, "allow_private": True}]
        settings = {"HEXACCOUNT_WEBHOOKS": json.dumps(webhooks), "HEXACCOUNT_EVENTS": json.dumps([stream])}
        with serving("--workers", "2", **settings) as (_, url):
            for name in ("ada", "grace"):
                Account(url, name).register().raise_for_status()
            deadline = time.monotonic() + 20
            while (len(receiver.requests), redis.xlen("accounts")) != (4, 4):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        received = [request.verified() for request in receiver.requests]
        streamed = [fields for _, fields in redis.xrange("accounts")]
    assert sorted(event["type"] for event in received) == sorted([REGISTERED, CREATED] * 2)
    assert {event["id"] for event in received} == {fields["id"] for fields in streamed}
