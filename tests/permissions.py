import os

WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""Starts a program of root to which the permissions of files apply as they do to any other user."""
