"""The conformance kit on each built-in store."""
