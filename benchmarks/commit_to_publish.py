"""Run with `python -m benchmarks.commit_to_publish`: the latency from the commit of an event to Kafka.

On PostgreSQL one process commits events at a steady rate, for one account after the other, and consumes the topic;
another is `hexaccount relay`. The latency is the time from the return of the commit to the arrival at the consumer.
"""

import argparse
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from confluent_kafka import Consumer, TopicPartition

from benchmarks.journals import fill, publishing_to, setting_of
from benchmarks.servers import Servers
from benchmarks.services import relaying
from benchmarks.table import Table
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_users
from tests.servers.kafka import all_messages, brokers_of, headers_of, running_kafka, temporary_topic, topic_of

ACCOUNTS = 50
WARM_UP = 1.0


class Reader(threading.Thread):
    """Records the arrival time of each event of an account, by its subject and its sequence."""

    def __init__(self, topic: str) -> None:
        """Begin at the current end of the topic."""
        super().__init__(daemon=True)
        self.arrived_at: dict[tuple[str, int], float] = {}
        self._over = threading.Event()
        self._consumer = Consumer(
            {"bootstrap.servers": brokers_of(topic), "group.id": f"benchmark-{uuid4().hex}", "fetch.wait.max.ms": 5}
        )
        partitions = self._consumer.list_topics(topic_of(topic), timeout=10).topics[topic_of(topic)].partitions
        ends = {
            number: self._consumer.get_watermark_offsets(TopicPartition(topic_of(topic), number), timeout=10)[1]
            for number in partitions
        }
        self._consumer.assign([TopicPartition(topic_of(topic), number, end) for number, end in ends.items()])

    def run(self) -> None:
        """Read until `stop`."""
        with closing(self._consumer):
            while not self._over.is_set():
                message = self._consumer.poll(0.2)
                if message is not None and message.error() is None:
                    headers = headers_of(message)
                    if headers["ce_aggregate"] == "user":
                        self.arrived_at[headers["ce_subject"], int(headers["ce_sequence"])] = time.perf_counter()

    def stop(self) -> None:
        """End `run`, and wait for it."""
        self._over.set()
        self.join()


def committed_at(service: Service, rate: float, seconds: float) -> dict[tuple[str, int], float]:
    """Commit events at a steady rate, and return the time of each commit."""
    factory, users = Factory(), [user.id for user in all_users(service.store)]
    committed: dict[tuple[str, int], float] = {}
    began = time.perf_counter()
    for turn in range(int(rate * seconds)):
        time.sleep(max(0.0, began + turn / rate - time.perf_counter()))
        with service.store.unit_of_work() as uow:
            user = Users(uow).get(users[turn % len(users)])
            user.end_sessions(factory.now())
            uow.commit()
            committed[str(user.id), user.version] = time.perf_counter()
    return committed


def measure(table: Table, database: str, topic: str, rate: float, seconds: float) -> None:
    """Add the latencies of one round."""
    with publishing_to(database, topic) as service:
        fill(service, accounts=ACCOUNTS, events_each=1)
        with relaying(database, EVENTS=setting_of(topic)):
            while len(all_messages(topic)) < 2 * ACCOUNTS:  # each account has a profile, too
                time.sleep(0.1)
            reader = Reader(topic)
            reader.start()
            committed_at(service, rate, WARM_UP)
            committed = committed_at(service, rate, seconds)
            deadline = time.perf_counter() + 10
            while committed.keys() - reader.arrived_at.keys() and time.perf_counter() < deadline:
                time.sleep(0.05)
            reader.stop()
    latencies = sorted(1000 * (reader.arrived_at[event] - at) for event, at in committed.items())
    table.add("p50 ms from commit to publish", latencies[len(latencies) // 2])
    table.add("p99 ms from commit to publish", latencies[int(len(latencies) * 0.99)])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commit_to_publish", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=50, help="events a second")
    parser.add_argument("--seconds", type=float, default=30, help="the length of a round")
    chosen = parser.parse_args()
    table = Table()
    with Servers() as servers, tempfile.TemporaryDirectory() as folder, running_kafka(Path(folder)) as kafka:
        for _ in range(chosen.rounds):
            with temporary_topic(kafka) as topic:
                measure(table, servers.fresh_database("postgresql"), topic, chosen.rate, chosen.seconds)
    for name, aim in (("p50", "none"), ("p99", "< 50")):
        print(f"{name} ms from commit to publish: {table.show(f'{name} ms from commit to publish')}, aim {aim}")


if __name__ == "__main__":
    main()
