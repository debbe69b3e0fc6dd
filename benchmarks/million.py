"""Run with `python -m benchmarks.million`: whether a million accounts are served as quickly as a few.

One client asks for pages of the list of users, the first and the last in turns. Then names and e-mail addresses are
looked up through the store as a login does it, without its hash, in turns among 1,000 accounts and among all. Nothing
but accounts is stored, as nothing else is asked for. It ends with 1 where the store reads all accounts, or counts.
"""

import argparse
import http.client
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import bcrypt

from benchmarks.crowd import Crowd
from benchmarks.raw_store import RawStore, open_raw_store
from benchmarks.servers import Servers
from benchmarks.services import KEY, PASSWORD, console, environment, log_in, ours, register
from benchmarks.table import Table
from benchmarks.turns import take_turns
from hexaccount.accounts.list_users import ListUsers
from hexaccount.accounts.user_reference import find_by_login
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount_flask.query import cursor_of

FEW = 1_000
ON_A_PAGE = 100
CROWD = Crowd(bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode())
LOGINS: dict[str, Callable[[int], str]] = {"name": CROWD.name_of, "e-mail address": CROWD.email_of}
"""What people log in with, by their number in the crowd."""


@dataclass(frozen=True)
class Place:
    """A database, and how many of the crowd are in it."""

    url: str
    users: int
    raw: RawStore

    @property
    def kind(self) -> str:
        return urlsplit(self.url).scheme

    @property
    def last_page(self) -> int:
        return self.users // ON_A_PAGE

    @contextmanager
    def service(self) -> Iterator[Service]:
        """Give a service in this process."""
        with open_service(Settings(store=self.url, jwt=JwtSettings(key=KEY))) as service:
            yield service


def main() -> None:
    stores = ("postgresql", "mongodb")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--store", choices=stores, nargs="+", default=stores)
    parser.add_argument("--pages", type=int, default=100, help="how often each page is asked for in a round")
    parser.add_argument("--look-ups", type=int, default=1_000, help="how many of each kind are made in a round")
    chosen = parser.parse_args()
    if chosen.users < FEW or chosen.users % ON_A_PAGE:
        parser.error(f"--users must be {FEW} or more, and fill pages of {ON_A_PAGE}")
    faults: list[str] = []
    for kind in chosen.store:
        with Servers() as servers, ExitStack() as opened:
            few, everybody = (fill(servers, opened, kind, users) for users in (FEW, chosen.users))
            faults += explain(everybody)
            table = Table()
            measure_pages(table, everybody, chosen.pages)
            measure_look_ups(table, [few, everybody], chosen.look_ups)
            if scans := everybody.raw.scans():
                faults.append(f"{kind}: all users were read {scans} times")
            report(table, few, everybody)
    sys.exit("\n".join(faults) or 0)


def fill(servers: Servers, opened: ExitStack, kind: str, users: int) -> Place:
    """Fill a new database, and tell how long it took."""
    url = servers.fresh_database(kind)
    raw = opened.enter_context(open_raw_store(url))
    began = time.perf_counter()
    raw.fill(CROWD.members(users))
    print(f"{users:,} users were stored in {kind} in {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
    return Place(url, users, raw)


def explain(place: Place) -> list[str]:
    """Print the plans of all that is measured, and return what is wrong with them."""
    after = CROWD.id_of(place.users - ON_A_PAGE - 1)
    deeds: dict[str, Callable[[Service], object]] = {
        page_name(1): lambda service: service.bus.handle(ListUsers(limit=ON_A_PAGE)),
        page_name(place.last_page): lambda service: service.bus.handle(ListUsers(limit=ON_A_PAGE, after=after)),
        **{look_up_name(login, place): partial(look_up, login, place.users // 2) for login in LOGINS},
    }
    faults = []
    for name, deed in deeds.items():
        for plan in place.raw.plans(partial(do, deed, place)):
            print(f"{place.kind}, {name}: {plan.steps}")
            faults += [f"{place.kind}, {name}: {fault}" for fault in plan.faults]
    return faults


def measure_pages(table: Table, place: Place, times: int) -> None:
    """Ask the service for the first page and the last in turns, over one connection, as an admin who is on neither."""
    with ours(place.url, cost=4) as service:
        register(service, 1)
        grant = console("users", "grant", "bench0", "admin")
        subprocess.run(grant, env=environment(place.url, 4), check=True, stdout=subprocess.DEVNULL)
        connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=60)
        deeds: dict[str, Callable[[], object]] = {}
        for page in (1, place.last_page):
            first = (page - 1) * ON_A_PAGE
            ask = partial(ask_for_page, connection, log_in(service), first)
            ids = [user["id"] for user in json.loads(ask())["data"]]
            assert ids == [str(CROWD.id_of(number)) for number in range(first, first + ON_A_PAGE)]
            deeds[page_name(page)] = ask
        take_turns(table, deeds, times)


def measure_look_ups(table: Table, places: list[Place], times: int) -> None:
    """Look up one after the other, by name and by address and in each place in turns."""
    choose = random.Random(0)

    def look_up_somebody(service: Service, login: str, place: Place) -> None:
        assert look_up(login, choose.randrange(place.users), service)

    with ExitStack() as opened:
        services = [(place, opened.enter_context(place.service())) for place in places]
        deeds = {
            look_up_name(login, place): partial(look_up_somebody, service, login, place)
            for login in LOGINS
            for place, service in services
        }
        take_turns(table, deeds, times)


def report(table: Table, few: Place, everybody: Place) -> None:
    print(f"\n{everybody.kind}, {everybody.users:,} users; found {everybody.raw.cached()}\n")
    table.compare(f"{page_name(everybody.last_page)} ms", f"{page_name(1)} ms", "<= 1.5")
    for login in LOGINS:
        table.compare(f"{look_up_name(login, everybody)} ms", f"{look_up_name(login, few)} ms", "<= 1.2")


def page_name(page: int) -> str:
    return f"page {page:,}"


def look_up_name(login: str, place: Place) -> str:
    return f"look-up by {login} among {place.users:,}"


def do(deed: Callable[[Service], object], place: Place) -> None:
    with place.service() as service:
        deed(service)


def look_up(login: str, number: int, service: Service) -> object:
    """Find one of the crowd as a login does."""
    with service.store.unit_of_work() as uow:
        return find_by_login(uow, LOGINS[login](number))


def ask_for_page(connection: http.client.HTTPConnection, token: str, first: int) -> bytes:
    """Return the answer with the page that begins with this number of the crowd."""
    after = f"&after={cursor_of(CROWD.id_of(first - 1))}" if first else ""
    headers = {"Authorization": f"Bearer {token}"}
    connection.request("GET", f"/api/v1/users?limit={ON_A_PAGE}{after}", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return body


if __name__ == "__main__":
    main()
