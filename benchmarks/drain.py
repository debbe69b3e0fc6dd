"""Run with `python -m benchmarks.drain`: how fast a relay drains a backlog to Kafka, against bare producers.

The events of registrations and of their profiles are pending for Kafka on PostgreSQL. `hexaccount relay` delivers them;
its speed is read from the times at which it produced the messages, without its first batch. A bare producer, also
idempotent and with acks=all, has the same messages in memory and needs no store. One waits for the acknowledgements at
the end, one after each hundred, as a relay must.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
from confluent_kafka import Message, Producer

from benchmarks.journals import setting_of
from benchmarks.servers import Servers
from benchmarks.services import KEY, relaying
from benchmarks.table import Table
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings
from tests.people import registration
from tests.servers.kafka import all_messages, brokers_of, running_kafka, temporary_topic, topic_of

ROUNDS = 3
FIRST = 500
OURS = "events/s drained to Kafka"
BARE = "events/s of a bare producer"
BARE_WAITING = "events/s of a bare producer that waits after each hundred"


def drained_per_second(table: Table, database: str, topic: str, accounts: int) -> None:
    """Add the events a second of our relay and of the bare loops to the table."""
    settings = Settings(
        store=database,
        events=[topic],
        jwt=JwtSettings(key=KEY),
        password=PasswordSettings(cost=4),
        limits=LimitSettings(enabled=False),
    )
    with open_service(settings) as service:
        service.subscribe()
        for number in range(accounts):
            service.bus.handle(registration(f"drain{number}"))
        while sum(relay.run_once() for relay in service.relays if relay.subscriber != topic):
            pass
    with relaying(database, EVENTS=setting_of(topic)):
        _wait_until_drained(database, topic)
    messages = all_messages(topic)
    assert len(messages) == 2 * accounts
    produced = sorted(message.timestamp()[1] for message in messages)
    table.add(OURS, 1000 * (len(produced) - FIRST) / (produced[-1] - produced[FIRST]))
    for name, wait_every in ((BARE, len(messages)), (BARE_WAITING, 100)):
        table.add(name, len(messages) / _bare_seconds(topic, messages, wait_every=wait_every))


def _wait_until_drained(database: str, topic: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        while connection.execute("SELECT FROM deliveries WHERE subscriber = %s LIMIT 1", (topic,)).rowcount:
            time.sleep(0.1)


def _bare_seconds(topic: str, messages: Sequence[Message], *, wait_every: int) -> float:
    parts = [(message.value(), message.key(), message.headers()) for message in messages]
    producer = Producer({"bootstrap.servers": brokers_of(topic), "enable.idempotence": True, "acks": "all"})
    name = topic_of(topic)
    producer.produce(name, b"{}")
    producer.flush(60)
    began = time.perf_counter()
    for number, (value, key, headers) in enumerate(parts, start=1):
        producer.produce(name, value, key, headers=headers)
        producer.poll(0)
        if number % wait_every == 0:
            producer.flush(60)
    assert producer.flush(60) == 0
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=5000, help="how many registrations are drained in each round")
    accounts = parser.parse_args().accounts
    table = Table()
    with Servers() as servers, tempfile.TemporaryDirectory() as folder, running_kafka(Path(folder)) as kafka:
        for _ in range(ROUNDS):
            with temporary_topic(kafka) as topic:
                drained_per_second(table, servers.fresh_database("postgresql"), topic, accounts)
    table.compare(OURS, BARE, ">= 0.2")
    table.compare(OURS, BARE_WAITING, ">= 0.2")


if __name__ == "__main__":
    main()
