"""Bugs that real stores have had, planted in the memory store, and the test of the kit that finds each."""

from tests.conformance.planted import (
    deliveries,
    event_removal,
    folding,
    handles,
    housekeeping,
    keys,
    limits,
    races,
    reading,
    record_retention,
    record_rules,
    records,
    revival,
    transactions,
    uniqueness,
)
from tests.conformance.planted.bugs import BUGS, Bug, PlantedStore

__all__ = [
    "BUGS",
    "Bug",
    "PlantedStore",
    "deliveries",
    "event_removal",
    "folding",
    "handles",
    "housekeeping",
    "keys",
    "limits",
    "races",
    "reading",
    "record_retention",
    "record_rules",
    "records",
    "revival",
    "transactions",
    "uniqueness",
]
