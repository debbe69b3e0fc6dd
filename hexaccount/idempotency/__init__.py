"""Idempotency: a request that its client sends again has its effect once."""
