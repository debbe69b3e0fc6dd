"""The document of the events."""

from typing import Any

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.events.cloud_event import structured
from hexaccount.testing.api_client import ApiClient
from tests.event_check import EventCheck
from tests.event_types import EVENT_TYPES
from tests.signing_key import SIGNING_KEY

PATH = "/asyncapi.json"


def test_the_document_describes_every_event_type(client: Any) -> None:
    answer = client.get(PATH)

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    document = answer.json
    assert document["asyncapi"] == "3.0.0"
    messages = document["components"]["messages"].values()
    assert {message["name"] for message in messages} == EVENT_TYPES.keys()
    assert all(message["summary"].endswith(".") for message in messages)
    references = document["channels"]["events"]["messages"]
    assert {reference["$ref"].rpartition("/")[2] for reference in references.values()} == set(
        document["components"]["messages"]
    )


def test_published_events_match_the_document_and_changed_ones_do_not(client: Any) -> None:
    check = EventCheck(client.get(PATH).json)
    settings = Settings(
        store="memory://", events=["memory://"], jwt=JwtSettings(key=SIGNING_KEY), password=PasswordSettings(cost=4)
    )
    with open_service(settings) as service:
        service.subscribe()
        another = ApiClient(service)
        another.register()
        another.sign_in()
        service.deliver_all()
        published = [structured(entry) for entry in service.publishers["memory://"].published]
    assert {event["type"] for event in published} >= {"hexaccount.user.registered.v1", "hexaccount.session.opened.v1"}
    for event in published:
        assert check.faults(event) == []
        assert check.faults({**event, "id": "no uuid"})
        assert check.faults({**event, "sequence": "0"})
        assert check.faults({**event, "data": {}})
        assert check.faults({name: value for name, value in event.items() if name != "subject"})


def test_caches_may_keep_the_document_for_an_hour(client: Any) -> None:
    answer = client.get(PATH)
    assert answer.headers.getlist("Cache-Control") == ["public, max-age=3600"]
    again = client.get(PATH, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
