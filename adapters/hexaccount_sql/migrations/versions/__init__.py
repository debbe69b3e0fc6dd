"""One step each, numbered in order."""
