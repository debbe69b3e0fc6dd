"""A collector that accepts connections and never answers."""

import socket
import threading

import pytest

from hexaccount_flask.web.middleware import RequestContext
from hexaccount_otel import Traces


def test_close_returns_although_the_collector_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hexaccount_otel.traces._SHUTDOWN_TIMEOUT", 0.2)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connected, released = threading.Event(), threading.Event()

        def hang() -> None:
            connection, _ = listener.accept()
            with connection:
                connected.set()
                released.wait()

        hanging = threading.Thread(target=hang)
        hanging.start()
        traces = Traces(f"http://127.0.0.1:{listener.getsockname()[1]}", ratio=1)
        with traces.requests(RequestContext("GET", "one", None)):
            pass
        traces.close()
        # The exporter has connected and still waits for an answer.
        assert connected.is_set()
        sending = [thread for thread in threading.enumerate() if thread.name == "last-spans"]
        released.set()
        hanging.join()
        assert sending
    for thread in sending:
        thread.join()
