"""The URLs of stores that are files."""

from pathlib import Path


def path_in(url: str) -> Path:
    """Return the path that a URL names after its third slash, to the letter: `sqlite:////srv/a#b.db` is `/srv/a#b.db`.

    Raises ValueError for another URL.
    """
    scheme, _, path = url.partition(":///")
    if not path or "/" in scheme:
        raise ValueError("name the file after three slashes, as in sqlite:///accounts.db; four begin at the root")
    return Path(path)
