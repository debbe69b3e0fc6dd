"""Run with `python -m benchmarks.million`: whether a million accounts are served as fast as a few.

One client requests pages of the list of users, in turns the first and the last. Then names and e-mail addresses are
looked up through the store as in a login, without its hash, in turns among 1,000 accounts and among all. The databases
contain only accounts. The exit code is 1 if the store scans or counts all accounts.
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
from hexaccount_flask.web.pages import cursor_of

FEW = 1_000
ON_A_PAGE = 100
CROWD = Crowd(bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode())
LOGINS: dict[str, Callable[[int], str]] = {"name": CROWD.name_of, "e-mail address": CROWD.email_of}
"""The identifiers for a login, by the number of the user in the crowd."""


@dataclass(frozen=True)
class Population:
    """A database with the first users of the crowd."""

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
        """Yield a service in this process."""
        with open_service(Settings(store=self.url, jwt=JwtSettings(key=KEY))) as service:
            yield service


def main() -> None:
    stores = ("postgresql", "mongodb")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--store", choices=stores, nargs="+", default=stores)
    parser.add_argument("--pages", type=int, default=100, help="requests for each page in a round")
    parser.add_argument("--look-ups", type=int, default=1_000, help="look-ups of each kind in a round")
    chosen = parser.parse_args()
    if chosen.users < FEW or chosen.users % ON_A_PAGE:
        parser.error(f"--users must be {FEW} or more, and fill pages of {ON_A_PAGE}")
    faults: list[str] = []
    for kind in chosen.store:
        with Servers() as servers, ExitStack() as opened:
            few, many = (fill(servers, opened, kind, users) for users in (FEW, chosen.users))
            faults += explain(many)
            table = Table()
            measure_pages(table, many, chosen.pages)
            measure_look_ups(table, [few, many], chosen.look_ups)
            if scans := many.raw.scans():
                faults.append(f"{kind}: all users were read {scans} times")
            report(table, few, many)
    sys.exit("\n".join(faults) or 0)


def fill(servers: Servers, opened: ExitStack, kind: str, users: int) -> Population:
    """Fill a new database, and print how long it took."""
    url = servers.fresh_database(kind)
    raw = opened.enter_context(open_raw_store(url))
    began = time.perf_counter()
    raw.fill(CROWD.members(users))
    print(f"{users:,} users were stored in {kind} in {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
    return Population(url, users, raw)


def explain(population: Population) -> list[str]:
    """Print the query plans of all measured actions, and return their faults."""
    after = CROWD.id_of(population.users - ON_A_PAGE - 1)
    actions: dict[str, Callable[[Service], object]] = {
        page_name(1): lambda service: service.bus.handle(ListUsers(limit=ON_A_PAGE)),
        page_name(population.last_page): lambda service: service.bus.handle(ListUsers(limit=ON_A_PAGE, after=after)),
        **{look_up_name(login, population): partial(look_up, login, population.users // 2) for login in LOGINS},
    }
    faults = []
    for name, action in actions.items():
        for plan in population.raw.plans(partial(do, action, population)):
            print(f"{population.kind}, {name}: {plan.steps}")
            faults += [f"{population.kind}, {name}: {fault}" for fault in plan.faults]
    return faults


def measure_pages(table: Table, population: Population, times: int) -> None:
    """Request the first page and the last in turns, over one connection, as an admin who is on neither."""
    with ours(population.url, cost=4) as service:
        register(service, 1)
        grant = console("users", "grant", "bench0", "admin")
        subprocess.run(grant, env=environment(population.url, 4), check=True, stdout=subprocess.DEVNULL)
        connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=60)
        actions: dict[str, Callable[[], object]] = {}
        for page in (1, population.last_page):
            first = (page - 1) * ON_A_PAGE
            request = partial(request_page, connection, log_in(service), first)
            ids = [user["id"] for user in json.loads(request())["data"]]
            assert ids == [str(CROWD.id_of(number)) for number in range(first, first + ON_A_PAGE)]
            actions[page_name(page)] = request
        take_turns(table, actions, times)


def measure_look_ups(table: Table, populations: list[Population], times: int) -> None:
    """Look up users by name and by address, in each population in turns."""
    choose = random.Random(0)

    def look_up_one(service: Service, login: str, population: Population) -> None:
        assert look_up(login, choose.randrange(population.users), service)

    with ExitStack() as opened:
        services = [(population, opened.enter_context(population.service())) for population in populations]
        actions = {
            look_up_name(login, population): partial(look_up_one, service, login, population)
            for login in LOGINS
            for population, service in services
        }
        take_turns(table, actions, times)


def report(table: Table, few: Population, many: Population) -> None:
    print(f"\n{many.kind}, {many.users:,} users; found {many.raw.cached()}\n")
    table.compare(f"{page_name(many.last_page)} ms", f"{page_name(1)} ms", "<= 1.5")
    for login in LOGINS:
        table.compare(f"{look_up_name(login, many)} ms", f"{look_up_name(login, few)} ms", "<= 1.2")


def page_name(page: int) -> str:
    return f"page {page:,}"


def look_up_name(login: str, population: Population) -> str:
    return f"look-up by {login} among {population.users:,}"


def do(action: Callable[[Service], object], population: Population) -> None:
    with population.service() as service:
        action(service)


def look_up(login: str, number: int, service: Service) -> object:
    """Find a user of the crowd as a login does."""
    with service.store.unit_of_work() as uow:
        return find_by_login(uow, LOGINS[login](number))


def request_page(connection: http.client.HTTPConnection, token: str, first: int) -> bytes:
    """Return the response with the page that begins with this number of the crowd."""
    after = f"&after={cursor_of(CROWD.id_of(first - 1))}" if first else ""
    headers = {"Authorization": f"Bearer {token}"}
    connection.request("GET", f"/api/v1/users?limit={ON_A_PAGE}{after}", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return body


if __name__ == "__main__":
    main()
