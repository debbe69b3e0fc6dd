"""Kills relays and disrupts the broker while events are pending."""

import random
import time
from collections.abc import Callable, Iterator
from itertools import islice

from tests.chaos.fleet import Fleet
from tests.chaos.ledger import Ledger
from tests.servers.kafka import KafkaServer

RELAYS = 3
SEED = 20261123
PATIENCE = 60.0
CLAIM_TIMEOUT = 5.0
"""Seconds after which a relay is killed even if no claim was seen; the counts show it."""
ACTIONS = ["kill one"] * 3 + ["kill all", "let the broker hang", "restart the broker"]
"""Done while relays deliver, in the order of the seed."""


def wait_until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.03)


class Chaos:
    """Runs the actions in the order of the seed while events are pending, and counts the results."""

    def __init__(self, fleet: Fleet, ledger: Ledger, kafka: KafkaServer, journal: Iterator[int]) -> None:
        self._fleet, self._ledger, self._kafka, self._journal = fleet, ledger, kafka, journal
        self._chance = random.Random(SEED)
        self.pending_at_kills: list[int] = []
        self.orphaned = 0

    def run(self) -> None:
        """Run all actions, and wait until everything is delivered."""
        for action in self._chance.sample(ACTIONS, len(ACTIONS)):
            self._wait_for_relays(1 if action == "kill one" else RELAYS)
            if action == "kill one":
                self._kill_after_claim(every_relay=False, within=0.03)
            elif action == "kill all":
                self._kill_after_claim(every_relay=True, within=0.03)
            else:
                # A connected relay sends its events to the hanging broker, and is killed before a response.
                wait_until(lambda: self._ledger.pending() == 0, "nothing is pending")
                self._kafka.pause()
                try:
                    self._kill_after_claim(every_relay=True, within=0.5)
                finally:
                    self._kafka.resume()
                if action == "restart the broker":
                    self._kafka.stop()
                    self._fleet.start()
                    self._wait_for_relays(1)
                    self._kafka.start()
            # Commits while no relay runs leave a backlog for the relays that are killed next.
            sum(islice(self._journal, 3))
            self._fleet.start()
        sum(self._journal)
        wait_until(lambda: self._ledger.pending() == 0, "nothing is pending at the end")

    def _wait_for_relays(self, number: int) -> None:
        wait_until(lambda: len(self._fleet.at_work()) >= number, f"{number} relays deliver")

    def _kill_after_claim(self, *, every_relay: bool, within: float) -> None:
        """Kill one or all relays at most `within` seconds after a new claim."""
        before = self._ledger.claimed().keys()
        assert sum(islice(self._journal, 1)), "there are too few events for so many actions"
        began = time.monotonic()
        while not self._ledger.claimed().keys() - before and time.monotonic() - began < CLAIM_TIMEOUT:
            time.sleep(0.005)
        time.sleep(self._chance.uniform(0, within))
        at_work = self._fleet.at_work()
        victims = at_work if every_relay else [self._chance.choice(at_work)]
        claims = self._ledger.claimed().keys()
        self._fleet.kill(*victims)
        self.pending_at_kills += [self._ledger.pending()] * len(victims)
        if every_relay:
            # No relay is left to acknowledge these claims: the restarted ones must take them over.
            self.orphaned += self._ledger.orphaned(claims)
