"""Publishes events to Kafka, as CloudEvents in the binary mode of its protocol binding."""

from hexaccount_kafka.failures import EventRejected
from hexaccount_kafka.publisher import KafkaPublisher
from hexaccount_kafka.security import KafkaSecurity
from hexaccount_kafka.topic import KafkaTopic

__all__ = ["EventRejected", "KafkaPublisher", "KafkaSecurity", "KafkaTopic"]
