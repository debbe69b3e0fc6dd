"""What a receiver gets, and what an unreachable one costs."""

import socket
import threading
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks import WebhookVerificationError

from hexaccount.events.cloud_event import structured
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_webhooks import DeliveryFailed, EndpointUnreachable, parse_secret, request
from tests.adapters.sample_events import A_MOMENT, an_event, events
from tests.adapters.webhooks.receivers import SECRET, Receiver
from tests.adapters.webhooks.sending import error_of, webhook
from tests.servers.ports import free_port

OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
UNKNOWN_SECRET = "whsec_" + OTHER_SECRET.removeprefix("whsec_").swapcase()
NEW = A_MOMENT.replace(year=9999)
OLD = A_MOMENT.replace(year=2020)


def test_a_receiver_gets_the_event_as_a_signed_cloud_event(receiver: Receiver) -> None:
    event = an_event()
    webhook(receiver.url).publish([event])
    (request,) = receiver.requests
    assert request.verified() == structured(event)
    assert request.headers["webhook-id"] == str(event.id)
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    assert request.headers["Content-Type"] == "application/cloudevents+json"
    assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"


def test_another_secret_does_not_verify(receiver: Receiver) -> None:
    webhook(receiver.url).publish([an_event()])
    (request,) = receiver.requests
    with pytest.raises(WebhookVerificationError):
        request.verified(UNKNOWN_SECRET)


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of https://www.standardwebhooks.com, as its reference libraries test it.
    sent_at = datetime.fromtimestamp(1614265330, UTC)
    signature = parse_secret(SECRET).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", sent_at, '{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_of_two_secrets_signs(receiver: Receiver) -> None:
    webhook(receiver.url, SECRET, OTHER_SECRET).publish([an_event()])
    (request,) = receiver.requests
    assert request.verified(SECRET) == request.verified(OTHER_SECRET)
    with pytest.raises(WebhookVerificationError):
        request.verified(UNKNOWN_SECRET)


def test_an_attempt_has_the_id_of_the_first_and_a_signature_of_its_own_time(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, publisher = an_event(), webhook(receiver.url)
    publisher.publish([event])
    time.sleep(1.1)
    publisher.publish([event])
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(first.headers["webhook-timestamp"]) < int(second.headers["webhook-timestamp"])
    assert first.verified() == second.verified()


def test_events_are_sent_one_by_one_in_order_until_one_fails(receiver: Receiver) -> None:
    five = events(5)
    webhook(receiver.url).publish(five)
    assert receiver.ids == [str(event.id) for event in five]
    receiver.status = 500
    with pytest.raises(DeliveryFailed):
        webhook(receiver.url).publish(five)
    assert len(receiver.requests) == 6


def test_path_and_query_are_sent_and_never_shown(receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/a/path-of-the-token?key=a-word-of-the-token&b=%20"
    publisher = webhook(url)
    publisher.publish([an_event()])
    assert receiver.requests[0].path == "/a/path-of-the-token?key=a-word-of-the-token&b=%20"
    receiver.status = 500
    shown = error_of(url) + repr(vars(publisher))
    gone = url.replace(str(receiver.port), str(free_port()))
    with pytest.raises(ReceiverUnavailable) as unreachable:
        webhook(gone).publish([an_event(time=NEW)])
    assert "of-the-token" not in shown + str(unreachable.value)
    assert SECRET not in shown


def test_a_failure_to_connect_counts_as_an_attempt_after_a_day() -> None:
    closed = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ReceiverUnavailable, match=r"webhook crm at 127\.0\.0\.1 .* reached: Connection refused$"):
        webhook(closed).publish([an_event(time=NEW)])
    with pytest.raises(EndpointUnreachable, match="cannot be reached: Connection refused"):
        webhook(closed).publish([an_event(time=OLD)])


def test_an_unknown_name_is_reported() -> None:
    with pytest.raises(ReceiverUnavailable, match=r"the name unknown\.invalid has no address \("):
        webhook("http://unknown.invalid").publish([an_event(time=NEW)])


def test_a_slow_dns_lookup_ends_at_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])
    monkeypatch.setattr(request, "DELIVERY_TIMEOUT", 0.2)
    began = time.monotonic()
    with pytest.raises(ReceiverUnavailable, match=r"the name slow\.example was not resolved in time"):
        webhook("http://slow.example").publish([an_event(time=NEW)])
    assert time.monotonic() - began < 2
    over.set()


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    webhook(receiver.url).publish([an_event()])
    assert receiver.requests[0].path == "/hook"


def test_a_publisher_may_be_closed_at_any_time(receiver: Receiver) -> None:
    publisher = webhook(receiver.url)
    publisher.close()
    publisher.close()
