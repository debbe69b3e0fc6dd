"""Writes one welcome letter for each new account, however often the event is delivered.

Kafka delivers an event at least once: again after this program was killed, or if hexaccount got no acknowledgement. So
the table `inbox` has the ids of handled events, and one transaction writes the id and the letter. The offset is stored
after that. See the README beside this file.
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
            # The driver commits stored offsets every few seconds and at the end. This program stores an offset after
            # each transaction.
            "enable.auto.offset.store": False,
            # Milliseconds after a kill until another member of the group, or the next start, takes over.
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
            if message is not None and has_event(message):
                handle(message, database)
                consumer.store_offsets(message=message)
    finally:
        consumer.close()
        database.close()


def has_event(message: Message) -> bool:
    """Return False for the report that the topic does not exist yet; raises KafkaException for any other error."""
    error = message.error()
    if error is not None and error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
        raise KafkaException(error)
    return error is None


def handle(message: Message, database: sqlite3.Connection) -> None:
    """Write the letter for a registration that is not in the inbox; raises an error for a malformed message."""
    raw: Any = message.headers() or []
    headers = {name: value.decode() for name, value in raw}
    # Ignores all other types, also future ones. A type that ends in v1 never changes.
    if headers.get("ce_type") != REGISTERED:
        return
    user = json.loads(message.value() or b"")
    with database:
        database.execute("BEGIN IMMEDIATE")
        is_new = database.execute("INSERT OR IGNORE INTO inbox VALUES (?)", (headers["ce_id"],)).rowcount
        if is_new:
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
