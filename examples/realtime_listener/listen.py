"""Prints the events of an account as they happen: pip install requests 'python-socketio[client]'.

SERVICE=http://localhost:8000 SOCKETS=http://localhost:8001 USER_NAME=ada PASSWORD=… python listen.py
"""

import json
import os
import sys
import time
from typing import Any

import requests
import socketio


class Tokens:
    """The tokens of a session; for one process, as a refresh token works once."""

    def __init__(self, url: str, user_name: str, password: str) -> None:
        """Log in."""
        self._url = f"{url}/api/v1/public"
        self._access = self._refresh = ""
        self._receive("login", {"user_name": user_name, "password": password})

    def access(self) -> str:
        """Return an access token that is valid for a while; raises RequestException, after a logout HTTPError."""
        if time.monotonic() >= self._refresh_at:
            self._receive("refresh", {"refresh": self._refresh})
        return self._access

    def refused(self, problem: Any) -> None:
        """Do not use the access token again if a socket was refused for it."""
        if "invalid_token" in str(problem):
            self._refresh_at = 0.0

    def _receive(self, operation: str, body: dict[str, str]) -> None:
        answer = requests.post(f"{self._url}/{operation}", json=body, timeout=20)
        answer.raise_for_status()
        tokens = answer.json()["data"]
        self._access, self._refresh = tokens["access"], tokens["refresh"]
        # A minute early, so that the token is still valid when it arrives; a short one at half of its time.
        self._refresh_at = time.monotonic() + max(tokens["expires_in"] - 60, tokens["expires_in"] / 2)


def show(event_type: str, event: Any) -> None:
    """Print an event."""
    sys.stdout.write(f"{event_type} {json.dumps(event)}\n")
    sys.stdout.flush()


def listen(url: str, tokens: Tokens) -> None:
    """Print events until the session is over, which raises HTTPError."""
    client = socketio.Client(reconnection=False)
    client.on("*", show)
    client.on("connect_error", tokens.refused)
    while True:
        try:
            tokens.access()  # its errors would not leave the client's thread
            # `auth` is called for each connection, so that each has a token that is valid then.
            client.connect(url, auth=lambda: {"token": tokens.access()}, transports=["websocket"], wait_timeout=20)
            client.wait()
        except (socketio.exceptions.ConnectionError, requests.RequestException) as error:
            if isinstance(error, requests.HTTPError) and error.response.status_code == 401:
                raise
        time.sleep(1)


if __name__ == "__main__":
    env = os.environ
    listen(env["SOCKETS"], Tokens(env["SERVICE"], env["USER_NAME"], env["PASSWORD"]))
