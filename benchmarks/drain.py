"""Run with `python -m benchmarks.drain`: how fast a relay drains a backlog to Kafka, against bare producers.

A backlog of registrations is pending for Kafka on PostgreSQL. Our relay claims, publishes and acknowledges it in
batches. A bare producer, also idempotent and with acks=all, has the same messages in memory and needs no store. One
waits for the acknowledgements at the end, one after each hundred, as a relay must. The start of half a second is not
measured.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import psycopg
from confluent_kafka import Producer

from benchmarks.servers import Servers
from benchmarks.services import KEY
from benchmarks.table import Table
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.relay import Relay
from hexaccount_kafka.message import headers_of, key_of, value_of
from tests.people import registration
from tests.servers.kafka import all_messages, brokers_of, running_kafka, temporary_topic, topic_of

ROUNDS = 3
OURS = "events/s drained to Kafka"
BARE = "events/s of a bare producer"
BARE_WAITING = "events/s of a bare producer that waits after each hundred"


def drained_per_second(table: Table, database: str, topic: str, accounts: int) -> None:
    """Add the events a second of our relay and of the bare loop to the table."""
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
        entries = _journal(service, accounts)
        (relay,) = (
            relay
            for relay, subscriber in zip(service.relays, service.subscribers, strict=True)
            if subscriber.name == topic
        )
        first = relay.run_once()
        table.add(OURS, (len(entries) - first) / _seconds_of(relay, database, topic))
    assert len(entries) == len(all_messages(topic))
    table.add(BARE, len(entries) / _bare_seconds(topic, entries, wait_every=len(entries)))
    table.add(BARE_WAITING, len(entries) / _bare_seconds(topic, entries, wait_every=100))


def _seconds_of(relay: Relay, database: str, topic: str) -> float:
    thread = Thread(target=relay.run)
    with psycopg.connect(database, autocommit=True) as connection:
        began = time.perf_counter()
        thread.start()
        while connection.execute("SELECT FROM deliveries WHERE subscriber = %s LIMIT 1", (topic,)).rowcount:
            time.sleep(0.01)
        seconds = time.perf_counter() - began
    relay.stop()
    thread.join()
    return seconds


def _journal(service: Service, accounts: int) -> Sequence[JournalEntry]:
    with service.store.unit_of_work() as uow:
        users = Users(uow).page(limit=accounts, after=None)
        return [entry for user in users for entry in uow.journal.of("user", user.id)]


def _bare_seconds(topic: str, entries: Sequence[JournalEntry], *, wait_every: int) -> float:
    messages = [(value_of(entry), key_of(entry), headers_of(entry)) for entry in entries]
    producer = Producer({"bootstrap.servers": brokers_of(topic), "enable.idempotence": True, "acks": "all"})
    name = topic_of(topic)
    producer.produce(name, b"{}")
    producer.flush(60)
    began = time.perf_counter()
    for number, (value, key, headers) in enumerate(messages, start=1):
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
