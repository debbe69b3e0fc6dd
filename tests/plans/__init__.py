"""Query plans of the databases."""
