"""Values of the setting `jwt.key`."""

SIGNING_KEY = "a signing key of tests, and of nothing else"
OTHER_SIGNING_KEY = "one more signing key, for other processes"
