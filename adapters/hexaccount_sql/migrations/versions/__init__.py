"""One migration each, numbered in order."""
