"""An account service whose core knows no technology."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - a clone can be run without pip, which would refuse
    raise SystemExit(f"hexaccount needs Python 3.11 or later; this is {sys.version_info[0]}.{sys.version_info[1]}")
