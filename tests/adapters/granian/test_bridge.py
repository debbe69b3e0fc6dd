import contextlib
import re
import socket
from collections.abc import Iterator

import pytest

from tests.adapters.granian.service import Service, read_reply, until


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service(workers=1, body_timeout=1.0) as running:
        yield running.started()


def test_slow_requests_of_one_class_do_not_delay_those_of_another(service: Service) -> None:
    held = [service.begin(f"/slow/class-{number}") for number in range(16)]
    try:
        until(
            lambda: sum(service.has_begun(f"class-{number}") for number in range(16)) == 2, "two slow requests are held"
        )
        assert [service.request("/fast").status for _ in range(30)] == [200] * 30
        assert sum(service.has_begun(f"class-{number}") for number in range(16)) == 2
    finally:
        for number in range(16):
            service.release(f"class-{number}")
    assert [read_reply(connection).status for connection in held] == [200] * 16


def test_the_load_counts_requests_in_flight_and_waiting(service: Service) -> None:
    until(lambda: service.request("/load").json() == {"in_flight": 1, "waiting": 0}, "only this request is in flight")
    held = [service.begin(f"/slow/load-{number}") for number in range(5)]
    try:
        until(lambda: sum(service.has_begun(f"load-{number}") for number in range(5)) == 2, "two run")
        until(lambda: service.request("/load").json() == {"in_flight": 6, "waiting": 3}, "three wait")
    finally:
        for number in range(5):
            service.release(f"load-{number}")
    assert [read_reply(connection).status for connection in held] == [200] * 5
    gone = service.connect()
    gone.sendall(b"POST /fast HTTP/1.1\r\nHost: toy\r\nContent-Length: 10\r\n\r\nhalf")
    until(lambda: service.request("/load").json()["in_flight"] == 2, "half a request is in flight")
    gone.close()
    until(lambda: service.request("/load").json() == {"in_flight": 1, "waiting": 0}, "all are done")


def test_an_incomplete_body_holds_no_thread_and_is_rejected_after_the_timeout(service: Service) -> None:
    half = [service.connect() for _ in range(5)]
    for connection in half:
        connection.sendall(b"POST /fast HTTP/1.1\r\nHost: toy\r\nContent-Length: 10\r\n\r\nhalf")
    # The class has one thread. If an incomplete request held it, this would wait until those are rejected.
    reply = service.request("/fast")
    assert reply.status == 200
    for connection in half:
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)
        connection.settimeout(30)
    late = [read_reply(connection) for connection in half]
    assert {reply.status for reply in late} == {408}
    assert late[0].json()["code"] == "body_too_slow"
    assert late[0].headers["connection"] == "close"
    for connection in half:
        connection.close()


def test_silent_connections_do_not_keep_others_out() -> None:
    # More connections than the backlog, which is granian's own limit.
    with Service(backlog=128).started() as service, contextlib.ExitStack() as silent:
        for _ in range(300):
            silent.enter_context(service.connect())
        assert service.request("/fast").status == 200


def test_an_incomplete_chunked_body_is_rejected_too(service: Service) -> None:
    reply = service.request("/length", "POST", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n")
    assert (reply.status, reply.json()["code"]) == (408, "body_too_slow")


def chunked(body: bytes, size: int = 1000) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [0, 1, 65_536])
def test_bodies_up_to_the_limit_arrive_complete_with_any_framing(service: Service, size: int) -> None:
    body = bytes(size)
    plain = service.request("/length", "POST", f"Content-Length: {size}", body=body)
    pieces = service.request("/length", "POST", "Transfer-Encoding: chunked", body=chunked(body))
    assert plain.json() == pieces.json() == {"length": size, "declared": size}


@pytest.mark.parametrize("size", [65_537, 500_000])
def test_bodies_over_the_limit_are_rejected_with_any_framing(service: Service, size: int) -> None:
    body = bytes(size)
    plain = service.request("/length", "POST", f"Content-Length: {size}", body=body)
    pieces = service.request("/length", "POST", "Transfer-Encoding: chunked", body=chunked(body))
    for reply in (plain, pieces):
        assert (reply.status, reply.json()["code"]) == (413, "body_too_large")
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["connection"] == "close"


def test_a_client_that_writes_slowly_and_reads_last_still_gets_the_error(service: Service) -> None:
    with socket.socket() as connection:
        connection.settimeout(30)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        connection.connect((service.host, service.port))
        connection.sendall(b"POST /length HTTP/1.1\r\nHost: toy\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(100):
            connection.sendall(bytes(10_000))
        assert read_reply(connection).status == 413


def test_a_body_that_is_announced_too_large_is_rejected_before_it_is_sent(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(
            b"POST /length HTTP/1.1\r\nHost: toy\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_body_within_the_limit_gets_100_continue(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(b"POST /length HTTP/1.1\r\nHost: toy\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        assert read_reply(connection).json()["length"] == 3


def test_a_body_in_very_many_pieces_is_rejected(service: Service) -> None:
    reply = service.request("/length", "POST", "Transfer-Encoding: chunked", body=chunked(b"x" * 2000, size=1))
    assert (reply.status, "64 bytes or more" in reply.json()["detail"]) == (400, True)
    assert service.request("/length", "POST", "Transfer-Encoding: chunked", body=chunked(b"x" * 900, size=1)).json()


def test_malformed_chunks_are_rejected_and_never_taken_for_a_complete_body(service: Service) -> None:
    reply = service.request(
        "/length", "POST", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\nzz\r\nhello\r\n0\r\n\r\n"
    )
    assert (reply.status, reply.json()["code"]) == (400, "malformed_request")


def test_trailers_are_rejected_because_they_look_like_a_malformed_body(service: Service) -> None:
    reply = service.request("/length", "POST", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n")
    assert (reply.status, reply.json()["code"]) == (400, "malformed_request")


def test_two_hosts_are_rejected(service: Service) -> None:
    reply = service.request("/fast", "GET", "Host: other")
    assert (reply.status, reply.json()["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("header", ["Accept: */*", "Host:", "Host: a/b", "Host: user@toy"])
def test_a_missing_or_malformed_host_is_rejected(service: Service, header: str) -> None:
    reply = service.send(f"GET /fast HTTP/1.1\r\n{header}\r\n\r\n".encode())
    assert (reply.status, reply.json()["code"]) == (400, "malformed_request")


def test_the_size_of_headers_is_limited(service: Service) -> None:
    assert service.request("/fast", "GET", "X-Large: " + "a" * 300_000).status == 431


@pytest.mark.parametrize(("length", "status"), [(65_534, 404), (65_535, 414)])
def test_the_length_of_a_path_is_limited(service: Service, length: int, status: int) -> None:
    reply = service.request("/" + "a" * (length - 1), "GET")
    assert (reply.status, bool(reply.body)) == (status, status != 414)


def test_the_application_sees_the_request_as_it_was_sent(service: Service) -> None:
    environ = service.request(
        "/echo/a%20b/%C3%A9?q=%20x&r",
        "POST",
        "Content-Length: 5",
        "Content-Type: text/plain",
        "X-Two: 1",
        "x-two: 2",
        "Cookie: a=1",
        "Cookie: b=2",
        "X_Forwarded_For: 6.6.6.6",
        "X-Latin: caf\xe9",
        body=b"hello",
    ).json()
    port = environ.pop("REMOTE_PORT")
    assert re.fullmatch(r"\d+", port)
    assert environ == {
        "HTTP_X_LATIN": "\N{REPLACEMENT CHARACTER}".encode().decode("latin-1"),
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/echo/a b/Ã©",
        "QUERY_STRING": "q=%20x&r",
        "RAW_URI": "/echo/a%20b/%C3%A9?q=%20x&r",
        "REQUEST_URI": "/echo/a%20b/%C3%A9?q=%20x&r",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(service.port),
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": "5",
        "CONTENT_TYPE": "text/plain",
        "HTTP_HOST": "toy",
        "HTTP_X_TWO": "1,2",
        "HTTP_COOKIE": "a=1;b=2",
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "body": "hello",
    }


@pytest.mark.parametrize("path", ["/echo/caf\xc3\xa9", "/echo/%ff%fe", "/echo/%00", "/echo/%zz", "/echo//..//%2e%2e"])
def test_no_path_breaks_the_service(service: Service, path: str) -> None:
    assert service.request(path).status == 200
    assert service.request(path.replace("/echo", "/none")).status == 404


def test_a_request_for_no_path_does_not_break_the_service(service: Service) -> None:
    assert service.request("*", "OPTIONS").status < 500


def test_a_post_without_a_body_has_an_empty_one(service: Service) -> None:
    assert service.request("/length", "POST").json() == {"length": 0, "declared": 0}


def test_http_1_0_is_answered_and_closed(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(b"GET /echo HTTP/1.0\r\n\r\n")
        reply = read_reply(connection)
    assert reply.json()["SERVER_PROTOCOL"] == "HTTP/1.0"


def test_a_response_to_head_has_no_body_and_the_length_of_the_response_to_get(service: Service) -> None:
    with service.connect() as connection:
        for _ in range(2):
            connection.sendall(b"HEAD /fast HTTP/1.1\r\nHost: toy\r\n\r\n")
            reply = read_reply(connection, "HEAD")
            assert (reply.status, reply.body) == (200, b"")
            assert int(reply.headers["content-length"]) > 5


def test_a_connection_carries_many_requests_pipelined_ones_included(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(b"GET /fast HTTP/1.1\r\nHost: toy\r\n\r\n" * 5)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 5:
            piece = connection.recv(65_536)
            assert piece
            answers += piece


def test_repeated_headers_of_a_response_are_kept_and_its_length_is_right(service: Service) -> None:
    reply = service.request("/cookies")
    assert reply.headers.get_all("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]
    assert reply.headers["content-length"] == "3"
    assert reply.headers["x-name"].encode("latin-1").decode() == "Zoë"


@pytest.mark.parametrize("path", ["/crash", "/exit", "/bad-status"])
def test_an_application_that_fails_answers_500_and_the_worker_goes_on(service: Service, path: str) -> None:
    before = service.request("/fast").json()["pid"]
    reply = service.request(path)
    assert (reply.status, reply.json()["code"]) == (500, "internal_error")
    assert reply.headers["content-type"] == "application/problem+json"
    assert service.request("/fast").json()["pid"] == before


def test_an_error_of_the_application_is_logged(service: Service) -> None:
    service.request("/crash")
    until(lambda: "ZeroDivisionError: the toy failed" in service.errors.read_text(), "the error is logged")


def test_an_error_that_cannot_be_rendered_still_has_its_status(service: Service) -> None:
    broken = service.folder / "break-renderer"
    broken.touch()
    try:
        reply = service.request("/crash")
    finally:
        broken.unlink()
    assert (reply.status, reply.body) == (500, b"")


def test_clients_that_disconnect_do_not_break_the_service(service: Service) -> None:
    for number in range(4):
        service.begin(f"/slow/leave-{number}").close()
        service.release(f"leave-{number}")
    until(lambda: service.has_begun("leave-3"), "the last one has begun")
    with service.connect() as connection:
        connection.sendall(b"POST /length HTTP/1.1\r\nHost: toy\r\nContent-Length: 10\r\n\r\nhalf")
    assert service.request("/slow/leave-0").status == 200


def test_a_full_class_rejects_at_once_and_recovers() -> None:
    with Service(slow_threads=1, slow_backlog=2).started() as service:
        first = service.begin("/slow/first")
        until(lambda: service.has_begun("first"), "the first is held")
        waiting = [service.begin("/slow/waiting") for _ in range(2)]
        until(lambda: service.request("/slow/rejected").status == 503, "the backlog is full")
        reply = service.request("/slow/rejected")
        assert (reply.status, reply.json()["code"]) == (503, "overloaded")
        assert service.wait_for("refused")["refusal"] == ["request", "overloaded", "127.0.0.1"]
        assert not service.has_begun("waiting")
        assert service.request("/fast").status == 200
        for name in ("first", "waiting", "rejected"):
            service.release(name)
        for connection in (first, *waiting):
            assert read_reply(connection).status == 200
            connection.close()
        assert service.request("/slow/rejected").status == 200


def test_a_deadline_answers_the_client_and_skips_requests_that_have_not_begun() -> None:
    with Service(slow_threads=1, deadline=0.5).started() as service:
        held, queued = service.begin("/slow/held"), service.begin("/slow/queued")
        for connection in (held, queued):
            reply = read_reply(connection)
            assert (reply.status, reply.json()["code"]) == (503, "deadline_exceeded")
        service.release("held")
        service.release("later")
        # The late response to the first request of this connection is dropped, and not sent for the second.
        held.sendall(b"GET /slow/later HTTP/1.1\r\nHost: toy\r\n\r\n")
        assert read_reply(held).json() == {"held": "later"}
        assert not service.has_begun("queued")


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_header_whose_value_is_withheld_has_an_invalid_placeholder(service: Service) -> None:
    environ = service.request("/echo", "GET", "If-Match: \xfc", "Idempotency-Key: a", "X-Plain: b").json()
    assert environ["HTTP_IF_MATCH"] == "\N{REPLACEMENT CHARACTER}".encode().decode("latin-1")
    assert (environ["HTTP_IDEMPOTENCY_KEY"], environ["HTTP_X_PLAIN"]) == ("a", "b")


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-For"])
def test_host_and_forwarded_for_must_be_readable(service: Service, name: str) -> None:
    reply = service.send(f"GET /echo HTTP/1.1\r\n{name}: \xfc, 192.0.2.1\r\n\r\n".encode("latin-1"))
    assert (reply.status, reply.json()["code"]) == (400, "malformed_request")


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_ipv6_addresses_have_no_brackets_in_the_environ() -> None:
    with Service(host="::1").started() as service:
        environ = service.request("/echo").json()
    assert (environ["REMOTE_ADDR"], environ["SERVER_NAME"]) == ("::1", "::1")
    assert environ["SERVER_PORT"] == str(service.port)
