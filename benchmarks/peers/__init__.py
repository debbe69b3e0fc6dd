"""The same work on what people would pick instead."""
