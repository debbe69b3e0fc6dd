"""Writes a letter of welcome for everybody who registers: once, however often the event comes.

Kafka brings an event at least once: again after this program was killed, or when hexaccount was not sure that it had
arrived. So the ids of the events that were handled stand in a table, the inbox, and the letter is written in the
transaction that puts the id there. Only then is Kafka told. See the README beside this file.
"""

import argparse
import json
import signal
import sqlite3
from types import FrameType
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

REGISTERED = "hexaccount.user.registered.v1"
TABLES = """
CREATE TABLE IF NOT EXISTS inbox (event_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS letters (number INTEGER PRIMARY KEY, recipient TEXT NOT NULL, text TEXT NOT NULL);
"""


def main() -> None:
    """Consume until SIGTERM or SIGINT."""
    options = _options()
    database = sqlite3.connect(options.database, isolation_level=None)
    database.executescript(TABLES)
    consumer = Consumer(
        {
            "bootstrap.servers": options.brokers,
            "group.id": options.group,
            "auto.offset.reset": "earliest",
            # The driver tells Kafka every few seconds, and at the end, how far we are. How far that is we say
            # to the driver after each transaction.
            "enable.auto.offset.store": False,
            # So soon does another member of the group, or our next start, take over after a kill.
            "session.timeout.ms": 6000,
        }
    )
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    consumer.subscribe([options.topic])
    try:
        while not stopping:
            message = consumer.poll(0.5)
            if message is not None and is_there(message):
                take(message, database)
                consumer.store_offsets(message=message)
    finally:
        consumer.close()
        database.close()


def is_there(message: Message) -> bool:
    """Tell whether it is a message, and not the news that nobody has written to the topic yet; raises on other news."""
    error = message.error()
    if error is not None and error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
        raise KafkaException(error)
    return error is None


def take(message: Message, database: sqlite3.Connection) -> None:
    """Handle a message, if it is an event for us that was not handled before; raises what speaks against it."""
    found: Any = message.headers() or []
    headers = {name: value.decode() for name, value in found}
    # Other events are not ours, and types to come neither. A type that ends in v1 never changes.
    if headers.get("ce_type") != REGISTERED:
        return
    user = json.loads(message.value() or b"")
    with database:
        database.execute("BEGIN IMMEDIATE")
        new = database.execute("INSERT OR IGNORE INTO inbox VALUES (?)", (headers["ce_id"],)).rowcount
        if new:
            database.execute(
                "INSERT INTO letters (recipient, text) VALUES (?, ?)",
                (user["email"], f"Welcome, {user['first_name']} {user['last_name']}!"),
            )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=f"Consume {REGISTERED}.")
    parser.add_argument("--brokers", default="localhost:9092")
    parser.add_argument("--topic", default="hexaccount")
    parser.add_argument("--group", default="welcome")
    parser.add_argument("--database", default="welcome.db")
    return parser.parse_args()


if __name__ == "__main__":
    main()
