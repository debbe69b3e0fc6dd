"""The parent of a toy service imports this when it begins to serve: from now on a signal stops it in an orderly way."""

import os

os.write(1, b'{"event": "serving"}\n')
