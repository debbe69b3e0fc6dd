"""What the application needs from outside, each port in its consumer's words."""
