"""Speed and memory, each against a limit measured in the same run."""
