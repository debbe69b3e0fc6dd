"""What an account is: aggregates, value objects, events and refusals, in the standard library alone."""
