# ruff: noqa: SLF001 - confluent-kafka documents them; the underscore marks codes that librdkafka sets, not a broker
"""The codes of librdkafka's own errors that this package tells apart."""

from confluent_kafka import KafkaError

ALL_BROKERS_DOWN = KafkaError._ALL_BROKERS_DOWN
AUTHENTICATION = KafkaError._AUTHENTICATION
FATAL = KafkaError._FATAL
GAPLESS_GUARANTEE = KafkaError._GAPLESS_GUARANTEE
PURGE_INFLIGHT = KafkaError._PURGE_INFLIGHT
PURGE_QUEUE = KafkaError._PURGE_QUEUE
RESOLVE = KafkaError._RESOLVE
SSL = KafkaError._SSL
UNKNOWN_TOPIC = KafkaError._UNKNOWN_TOPIC
