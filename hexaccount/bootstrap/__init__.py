"""The only place that knows every room: settings, the container and the console script."""
