"""Notes in a running service, with the fixtures of `hexaccount.testing`."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings
from hexaccount.erasure.erase_user import EraseUser
from hexaccount.events.list_events import ListEvents
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount.testing.api_client import ApiClient
from hexaccount.testing.people import People, Person
from hexaccount_notes.note import Notes

PATH = "/api/v1/me/notes"
WRITTEN, REMOVED = "hexaccount_notes.note.written.v1", "hexaccount_notes.note.removed.v1"


def write(person: Person, text: str) -> str:
    answer = person.client.post(PATH, json={"text": text})
    assert answer.status_code == 201, answer.text
    note_id: str = answer.json["data"]["id"]
    return note_id


def texts(person: Person, query: str = "") -> list[str]:
    return [note["text"] for note in person.client.get(PATH + query).json["data"]]


def test_notes_are_listed_newest_first_in_pages(hexaccount_user: Person) -> None:
    for text in ("one", "two", "three"):
        write(hexaccount_user, text)
    first = hexaccount_user.client.get(f"{PATH}?limit=2").json
    assert [note["text"] for note in first["data"]] == ["three", "two"]
    assert texts(hexaccount_user, f"?after={first['page']['next']}") == ["one"]


def test_a_note_has_the_time_at_which_it_was_written(
    hexaccount_user: Person, hexaccount_clock: AdjustableClock
) -> None:
    hexaccount_clock.advance(minutes=5)
    write(hexaccount_user, "later")
    (note,) = hexaccount_user.client.get(PATH).json["data"]
    assert note["written_at"] == "2026-01-02T12:05:00.000Z"


def test_only_the_user_removes_a_note_and_only_once(hexaccount_user: Person, hexaccount_people: People) -> None:
    other = hexaccount_people.register("romeo")
    note_id = write(hexaccount_user, "mine")
    statuses = [person.client.delete(f"{PATH}/{note_id}").status_code for person in (other, hexaccount_user, other)]
    assert statuses == [404, 204, 404]
    assert texts(hexaccount_user) == []
    assert hexaccount_user.client.delete(f"{PATH}/{note_id}").json["code"] == "note_not_found"


def test_the_notes_of_an_erased_user_are_removed(hexaccount_service: Service, hexaccount_user: Person) -> None:
    write(hexaccount_user, "mine")
    hexaccount_service.bus.handle(EraseUser(user_id=hexaccount_user.id))
    hexaccount_service.deliver_all()
    with hexaccount_service.store.unit_of_work() as uow:
        assert not Notes(uow).newest(hexaccount_user.id, limit=None)
    events = hexaccount_service.bus.handle(ListEvents(user_id=hexaccount_user.id, types=[WRITTEN])).events
    assert "text" not in events[0].data


@pytest.mark.parametrize(("text", "reason"), [(" \n", "is empty"), ("a" * 2001, "is too long"), ("a\0", "U+0000")])
def test_an_unfit_text_is_refused(hexaccount_user: Person, text: str, reason: str) -> None:
    answer = hexaccount_user.client.post(PATH, json={"text": text})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/text")
    assert reason in answer.json["errors"][0]["detail"]


def test_admins_read_the_notes_of_every_user(
    hexaccount_user: Person, hexaccount_admin: Person, hexaccount_people: People
) -> None:
    write(hexaccount_user, "mine")
    path = f"/api/v1/users/{hexaccount_user.id}/notes"
    (note,) = hexaccount_admin.client.get(path).json["data"]
    assert note["text"] == "mine"
    refused = hexaccount_people.register("romeo").client.get(path)
    assert (refused.status_code, refused.json["code"]) == (403, "insufficient_scope")
    assert "notes.read" in refused.json["detail"]
    unknown = hexaccount_admin.client.get(f"/api/v1/users/{uuid4()}/notes")
    assert (unknown.status_code, unknown.json["code"]) == (404, "user_not_found")


def test_nobody_reads_notes_without_a_token(hexaccount_client: ApiClient) -> None:
    assert hexaccount_client.get(PATH).status_code == 401


def test_events_are_published_and_a_new_account_is_welcomed(
    hexaccount_user: Person, hexaccount_events: Callable[[], list[dict[str, Any]]]
) -> None:
    hexaccount_events()  # delivers the registration to the handler that welcomes
    note_id = write(hexaccount_user, "mine")
    hexaccount_user.client.delete(f"{PATH}/{note_id}")
    found = [event for event in hexaccount_events() if event["type"].startswith("hexaccount_notes.")]
    assert [event["type"] for event in found] == [WRITTEN, WRITTEN, REMOVED]
    assert found[0]["data"]["text"] == "Welcome, Juliet! Here is room for your notes."
    assert found[1]["data"] == {"user_id": str(hexaccount_user.id), "note_id": note_id, "text": "mine"}
    assert [event["sequence"] for event in found] == ["1", "1", "2"]
    assert texts(hexaccount_user) == ["Welcome, Juliet! Here is room for your notes."]


def test_the_lengths_of_notes_are_measured(hexaccount_user: Person) -> None:
    write(hexaccount_user, "mine")
    assert 'hexaccount_notes_characters_bucket{le="10.0"}' in hexaccount_user.client.get("/metrics").text


class TestLimits:
    @pytest.fixture
    def hexaccount_settings(self) -> Settings:
        return Settings(
            store="memory://",
            jwt=JwtSettings(key="a key for tests, which is long enough"),
            password=PasswordSettings(cost=4),
            limits=LimitSettings(),
        )

    def test_writing_is_limited(self, hexaccount_user: Person, hexaccount_service: Service) -> None:
        assert hexaccount_service.settings.limits.enabled
        answers = [hexaccount_user.client.post(PATH, json={"text": "again"}) for _ in range(21)]
        assert [answer.status_code for answer in answers] == [201] * 20 + [429]
        assert answers[-1].headers["RateLimit-Policy"] == '"notes";q=20;w=20'
