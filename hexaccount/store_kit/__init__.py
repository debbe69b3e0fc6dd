"""What every store builds on: the identity map, change tracking, the event recorder, the schema version."""
