"""The Chromium of Debian without its windows, which are two thirds of its work."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

# A container has neither a sandbox nor a graphics card, and the browser's own requests are not the page's.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Run a browser during the block."""
    program = shutil.which("chromium-headless-shell")
    assert program, "install Debian's package chromium-headless-shell"
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=FLAGS) as browser:
        yield browser
