import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.adapters.granian.service import Service, read_reply, until


def is_refused(service: Service) -> bool:
    try:
        service.connect().close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_drains_then_refuses_connections_and_finishes_requests_in_flight(number: int) -> None:
    with Service(workers=2, drain_delay=2.0, slow_threads=4).started() as service:
        assert service.request("/ready").status == 200
        held = [service.begin(f"/slow/held-{n}") for n in range(4)]
        until(lambda: all(service.has_begun(f"held-{n}") for n in range(4)), "all are held")
        service.signal(number)
        service.wait_for("stopping")
        # Connections are still accepted, and every worker reports that it is draining.
        assert {service.request("/ready").status for _ in range(20)} == {503}
        until(lambda: is_refused(service), "connections are refused")
        assert service.process.poll() is None
        for n in range(4):
            service.release(f"held-{n}")
        assert [read_reply(connection).json() for connection in held] == [{"held": f"held-{n}"} for n in range(4)]
        assert service.wait_for_exit() == 0
        assert (service.count("close"), service.count("end")) == (2, 1)
        assert service.errors.read_text() == ""


def test_thread_pools_are_empty_before_the_worker_is_closed() -> None:
    with Service(deadline=0.2).started() as service:
        with service.begin("/slow/held") as connection:
            assert read_reply(connection).status == 503
        service.signal(signal.SIGTERM)
        service.wait_for("stopping")
        until(lambda: is_refused(service), "connections are refused")
        time.sleep(0.3)
        assert service.count("close") == 0
        service.release("held")
        assert service.wait_for_exit() == 0
        assert service.events[-2]["threads"] == ["MainThread"]


@pytest.mark.parametrize("step", [300, pytest.param(100, marks=pytest.mark.slow)])
def test_a_signal_during_the_start_stops_the_service_in_an_orderly_way(step: int) -> None:
    def end_after(milliseconds: int) -> None:
        with Service(workers=2, drain_delay=0.1, load_seconds=0.1) as service:
            service.wait_for("serving")
            time.sleep(milliseconds / 1000)
            begin = time.monotonic()
            service.signal(signal.SIGTERM)
            assert service.wait_for_exit() == 0, f"after {milliseconds} ms"
            assert time.monotonic() - begin < 10, f"after {milliseconds} ms"
            assert service.errors.read_text() == ""
            assert service.count("stopping") == 1

    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(end_after, range(0, 1500, step)))


def test_ctrl_c_in_a_terminal_is_handled_once_and_by_the_parent_alone() -> None:
    with Service(workers=2, drain_delay=2.0).started() as service:
        held = service.begin("/slow/held")
        until(lambda: service.has_begun("held"), "a request is held")
        os.killpg(service.process.pid, signal.SIGINT)
        service.wait_for("stopping")
        assert {service.request("/ready").status for _ in range(10)} == {503}
        service.release("held")
        assert read_reply(held).status == 200
        assert service.wait_for_exit() == 0
        assert (service.count("close"), service.count("stopping")) == (2, 1)
        assert service.errors.read_text() == ""


def test_a_second_signal_kills_the_service_at_once() -> None:
    with Service(workers=2, drain_delay=60.0).started() as service:
        service.begin("/slow/held")
        until(lambda: service.has_begun("held"), "a request is held")
        service.signal(signal.SIGTERM)
        service.wait_for("stopping")
        time.sleep(0.6)
        service.signal(signal.SIGTERM)
        assert service.wait_for_exit() == 0
        assert service.count("close") == 0


def test_workers_that_exceed_the_stop_timeout_are_killed() -> None:
    with Service(workers=2, stop_timeout=0.5).started() as service:
        service.begin("/slow/held")
        until(lambda: service.has_begun("held"), "a request is held")
        service.signal(signal.SIGTERM)
        assert service.wait_for_exit() == 0
        assert service.count("close") == 1
        assert "did not end within 0.5 seconds" in service.errors.read_text()


def test_a_signal_that_is_duplicated_within_a_moment_counts_once() -> None:
    with Service(drain_delay=0.6).started() as service:
        held = service.begin("/slow/held")
        until(lambda: service.has_begun("held"), "a request is held")
        service.signal(signal.SIGTERM)
        service.wait_for("stopping")
        service.signal(signal.SIGTERM)
        service.signal(signal.SIGINT)
        until(lambda: is_refused(service), "connections are refused")
        service.release("held")
        assert read_reply(held).status == 200
        assert service.wait_for_exit() == 0
        assert service.count("close") == 1


def test_a_failing_on_stopping_callback_does_not_keep_the_service_from_stopping() -> None:
    with Service().started() as service:
        (service.folder / "break-stopping").touch()
        service.signal(signal.SIGTERM)
        assert service.wait_for_exit() == 0
        assert "the stopping fails" in service.errors.read_text()


def test_a_worker_that_is_killed_is_replaced() -> None:
    with Service(workers=2).started() as service:
        first = service.request("/fast").json()["pid"]
        os.kill(first, signal.SIGKILL)
        assert service.wait_for("load")["pid"] != first
        pids = set()

        def both_answer() -> bool:
            try:
                pids.add(service.request("/fast").json()["pid"])
            except OSError:
                return False
            return len(pids) == 2

        until(both_answer, "two workers answer again")
        assert first not in pids
        service.signal(signal.SIGTERM)
        assert service.wait_for_exit() == 0
        assert service.count("close") == 2


def test_workers_do_not_outlive_a_parent_that_is_killed() -> None:
    with Service(workers=2).started() as service:
        service.signal(signal.SIGKILL)
        assert service.wait_for_exit() == -signal.SIGKILL
        assert service.count("close") == 2


def test_only_workers_load_and_on_started_is_called_when_all_of_them_have() -> None:
    with Service(workers=2, load_seconds=0.3).started() as service:
        loaded = {event["pid"] for event in service.events if event["event"] == "load"}
        assert len(loaded) == 2
        assert service.process.pid not in loaded
        assert service.events[-1]["host"] == "127.0.0.1"
        assert service.events[-1]["pid"] == service.process.pid
        assert service.events[-1]["listeners"] == 2
        assert [service.request("/fast").status for _ in range(20)] == [200] * 20


def test_workers_that_cannot_be_loaded_end_the_service_with_an_error() -> None:
    with Service(workers=2, fail=True) as service:
        service.wait_for("failed")
        assert service.wait_for_exit() == 1
        assert "the toy cannot be loaded" in service.errors.read_text()


def test_an_address_in_use_is_reported_with_the_remedy() -> None:
    with Service().started() as first, Service(port=first.port) as second:
        text = second.wait_for("refused")["text"]
        assert "127.0.0.1" in text
        assert str(first.port) in text
        assert "--port" in text
        assert second.wait_for_exit() == 3
        assert first.request("/fast").status == 200


def test_a_port_can_be_reused_at_once() -> None:
    with Service().started() as first:
        assert first.request("/fast").status == 200
        # The service closes this connection first, so that the kernel keeps it in TIME_WAIT.
        with first.connect() as connection:
            first.signal(signal.SIGTERM)
            assert first.wait_for_exit() == 0
            assert connection.recv(1) == b""
        with Service(port=first.port).started() as second:
            assert second.request("/fast").status == 200


def test_spawned_processes_serve_and_stop_like_forked_ones() -> None:
    with Service(workers=2, start_method="spawn", drain_delay=2.0).started() as service:
        assert service.request("/fast").status == 200
        service.signal(signal.SIGTERM)
        service.wait_for("stopping")
        assert {service.request("/ready").status for _ in range(10)} == {503}
        assert service.wait_for_exit() == 0
        assert service.count("close") == 2
        assert service.errors.read_text() == ""
