"""Imported by the parent of a toy service once it serves: from here on, a signal has to be obeyed in order."""

import os

os.write(1, b'{"event": "serving"}\n')
