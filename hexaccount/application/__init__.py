"""What the service does: one file per use case, the bus, the relay and the ports they need."""
