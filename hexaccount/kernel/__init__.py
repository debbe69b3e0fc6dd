"""What every room builds on, in the standard library alone."""
