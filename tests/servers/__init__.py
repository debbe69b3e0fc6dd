"""Real servers that the tests bring along, start and stop themselves."""
