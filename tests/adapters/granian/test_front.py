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


def test_requests_that_are_held_in_one_lane_do_not_hold_those_of_another(service: Service) -> None:
    held = [service.begin(f"/slow/lane-{number}") for number in range(16)]
    try:
        until(lambda: sum(service.begun(f"lane-{number}") for number in range(16)) == 2, "two slow requests are held")
        assert [service.ask("/quick").status for _ in range(30)] == [200] * 30
        assert sum(service.begun(f"lane-{number}") for number in range(16)) == 2
    finally:
        for number in range(16):
            service.release(f"lane-{number}")
    assert [read_reply(connection).status for connection in held] == [200] * 16


def test_what_is_in_flight_and_what_waits_is_told_at_any_time(service: Service) -> None:
    until(lambda: service.ask("/pressure").json() == {"in_flight": 1, "waiting": 0}, "nothing but this is in flight")
    held = [service.begin(f"/slow/pressing-{number}") for number in range(5)]
    try:
        until(lambda: sum(service.begun(f"pressing-{number}") for number in range(5)) == 2, "two are worked on")
        until(lambda: service.ask("/pressure").json() == {"in_flight": 6, "waiting": 3}, "three wait")
    finally:
        for number in range(5):
            service.release(f"pressing-{number}")
    assert [read_reply(connection).status for connection in held] == [200] * 5
    gone = service.connect()
    gone.sendall(b"POST /quick HTTP/1.1\r\nHost: toy\r\nContent-Length: 10\r\n\r\nhalf")
    until(lambda: service.ask("/pressure").json()["in_flight"] == 2, "half a request is in flight")
    gone.close()
    until(lambda: service.ask("/pressure").json() == {"in_flight": 1, "waiting": 0}, "all are done with")


def test_half_a_body_holds_no_thread_and_is_refused_in_the_end(service: Service) -> None:
    half = [service.connect() for _ in range(5)]
    for connection in half:
        connection.sendall(b"POST /quick HTTP/1.1\r\nHost: toy\r\nContent-Length: 10\r\n\r\nhalf")
    # The lane has one thread; had a half request got hold of it, this would wait until those are refused.
    reply = service.ask("/quick")
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


def test_connections_that_stay_silent_keep_nobody_out() -> None:
    # More of them than may wait to be accepted, which is where granian itself would draw the line.
    with Service(backlog=128).started() as service, contextlib.ExitStack() as silent:
        for _ in range(300):
            silent.enter_context(service.connect())
        assert service.ask("/quick").status == 200


def test_half_a_chunked_body_is_refused_too(service: Service) -> None:
    reply = service.ask("/length", "POST", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n")
    assert (reply.status, reply.json()["code"]) == (408, "body_too_slow")


def chunked(body: bytes, size: int = 1000) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [0, 1, 65_536])
def test_bodies_up_to_the_limit_arrive_whole_however_they_are_framed(service: Service, size: int) -> None:
    body = bytes(size)
    plain = service.ask("/length", "POST", f"Content-Length: {size}", body=body)
    pieces = service.ask("/length", "POST", "Transfer-Encoding: chunked", body=chunked(body))
    assert plain.json() == pieces.json() == {"length": size, "declared": size}


@pytest.mark.parametrize("size", [65_537, 500_000])
def test_bodies_over_the_limit_are_refused_however_they_are_framed(service: Service, size: int) -> None:
    body = bytes(size)
    plain = service.ask("/length", "POST", f"Content-Length: {size}", body=body)
    pieces = service.ask("/length", "POST", "Transfer-Encoding: chunked", body=chunked(body))
    for reply in (plain, pieces):
        assert (reply.status, reply.json()["code"]) == (413, "body_too_large")
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["connection"] == "close"


def test_a_client_that_writes_slowly_and_reads_last_still_gets_the_refusal(service: Service) -> None:
    with socket.socket() as connection:
        connection.settimeout(30)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        connection.connect((service.host, service.port))
        connection.sendall(b"POST /length HTTP/1.1\r\nHost: toy\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(100):
            connection.sendall(bytes(10_000))
        assert read_reply(connection).status == 413


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(
            b"POST /length HTTP/1.1\r\nHost: toy\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_body_within_the_limit_is_asked_for(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(b"POST /length HTTP/1.1\r\nHost: toy\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        assert read_reply(connection).json()["length"] == 3


def test_chunks_that_break_off_are_refused_and_never_taken_for_a_whole_body(service: Service) -> None:
    reply = service.ask("/length", "POST", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\nzz\r\nhello\r\n0\r\n\r\n")
    assert (reply.status, reply.json()["code"]) == (400, "malformed_request")


def test_trailers_are_refused_for_they_cannot_be_told_from_a_broken_body(service: Service) -> None:
    reply = service.ask("/length", "POST", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n")
    assert (reply.status, reply.json()["code"]) == (400, "malformed_request")


def test_two_hosts_are_refused(service: Service) -> None:
    reply = service.ask("/quick", "GET", "Host: other")
    assert (reply.status, reply.json()["code"]) == (400, "malformed_request")


def test_headers_have_a_bound(service: Service) -> None:
    assert service.ask("/quick", "GET", "X-Large: " + "a" * 300_000).status == 431


def test_the_application_sees_the_request_as_it_was_sent(service: Service) -> None:
    environ = service.ask(
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
    assert service.ask(path).status == 200
    assert service.ask(path.replace("/echo", "/none")).status == 404


def test_a_request_for_no_path_does_not_break_the_service(service: Service) -> None:
    assert service.ask("*", "OPTIONS").status < 500


def test_a_post_without_a_body_has_an_empty_one(service: Service) -> None:
    assert service.ask("/length", "POST").json() == {"length": 0, "declared": 0}


def test_http_1_0_is_answered_and_closed(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(b"GET /echo HTTP/1.0\r\n\r\n")
        reply = read_reply(connection)
    assert reply.json()["SERVER_PROTOCOL"] == "HTTP/1.0"


def test_an_answer_to_head_has_no_body_and_the_length_of_the_other(service: Service) -> None:
    with service.connect() as connection:
        for _ in range(2):
            connection.sendall(b"HEAD /quick HTTP/1.1\r\nHost: toy\r\n\r\n")
            reply = read_reply(connection, "HEAD")
            assert (reply.status, reply.body) == (200, b"")
            assert int(reply.headers["content-length"]) > 5


def test_a_connection_carries_many_requests_also_those_sent_ahead(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(b"GET /quick HTTP/1.1\r\nHost: toy\r\n\r\n" * 5)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 5:
            piece = connection.recv(65_536)
            assert piece
            answers += piece


def test_repeated_headers_of_an_answer_survive_and_its_length_is_true(service: Service) -> None:
    reply = service.ask("/cookies")
    assert reply.headers.get_all("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]
    assert reply.headers["content-length"] == "3"
    assert reply.headers["x-name"].encode("latin-1").decode() == "Zoë"


@pytest.mark.parametrize("path", ["/crash", "/exit", "/bad-status"])
def test_an_application_that_breaks_answers_500_and_lives_on(service: Service, path: str) -> None:
    before = service.ask("/quick").json()["pid"]
    reply = service.ask(path)
    assert (reply.status, reply.json()["code"]) == (500, "internal_error")
    assert reply.headers["content-type"] == "application/problem+json"
    assert service.ask("/quick").json()["pid"] == before


def test_what_breaks_an_application_is_in_the_log(service: Service) -> None:
    service.ask("/crash")
    until(lambda: "ZeroDivisionError: the toy broke" in service.errors.read_text(), "the error is logged")


def test_a_refusal_that_cannot_be_rendered_still_has_its_status(service: Service) -> None:
    broken = service.folder / "break-refusal"
    broken.touch()
    try:
        reply = service.ask("/crash")
    finally:
        broken.unlink()
    assert (reply.status, reply.body) == (500, b"")


def test_clients_that_leave_do_not_break_the_service(service: Service) -> None:
    for number in range(4):
        service.begin(f"/slow/leave-{number}").close()
        service.release(f"leave-{number}")
    until(lambda: service.begun("leave-3"), "the last one was worked on")
    with service.connect() as connection:
        connection.sendall(b"POST /length HTTP/1.1\r\nHost: toy\r\nContent-Length: 10\r\n\r\nhalf")
    assert service.ask("/slow/leave-0").status == 200


def test_a_full_lane_refuses_at_once_and_recovers() -> None:
    with Service(slow_threads=1, slow_backlog=2).started() as service:
        first = service.begin("/slow/first")
        until(lambda: service.begun("first"), "the first is held")
        waiting = [service.begin("/slow/waiting") for _ in range(2)]
        until(lambda: service.ask("/slow/refused").status == 503, "the places are taken")
        reply = service.ask("/slow/refused")
        assert (reply.status, reply.json()["code"]) == (503, "overloaded")
        assert not service.begun("waiting")
        assert service.ask("/quick").status == 200
        for name in ("first", "waiting", "refused"):
            service.release(name)
        for connection in (first, *waiting):
            assert read_reply(connection).status == 200
            connection.close()
        assert service.ask("/slow/refused").status == 200


def test_a_deadline_answers_the_client_and_spares_what_has_not_begun() -> None:
    with Service(slow_threads=1, deadline=0.5).started() as service:
        held, queued = service.begin("/slow/held"), service.begin("/slow/queued")
        for connection in (held, queued):
            reply = read_reply(connection)
            assert (reply.status, reply.json()["code"]) == (503, "deadline_exceeded")
        service.release("held")
        service.release("later")
        # On the connection whose first answer came too late: that answer is dropped, not sent now.
        held.sendall(b"GET /slow/later HTTP/1.1\r\nHost: toy\r\n\r\n")
        assert read_reply(held).json() == {"held": "later"}
        assert not service.begun("queued")


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_header_whose_value_is_withheld_is_there_with_one_that_nobody_takes_for_right(service: Service) -> None:
    environ = service.ask("/echo", "GET", "If-Match: \xfc", "Idempotency-Key: a", "X-Plain: b").json()
    assert environ["HTTP_IF_MATCH"] == "\N{REPLACEMENT CHARACTER}".encode().decode("latin-1")
    assert (environ["HTTP_IDEMPOTENCY_KEY"], environ["HTTP_X_PLAIN"]) == ("a", "b")


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-For"])
def test_whom_and_whence_a_request_is_has_to_be_readable(service: Service, name: str) -> None:
    reply = service.send(f"GET /echo HTTP/1.1\r\n{name}: \xfc, 192.0.2.1\r\n\r\n".encode("latin-1"))
    assert (reply.status, reply.json()["code"]) == (400, "malformed_request")


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_ipv6_addresses_are_plain_in_the_environ() -> None:
    with Service(host="::1").started() as service:
        environ = service.ask("/echo").json()
    assert (environ["REMOTE_ADDR"], environ["SERVER_NAME"]) == ("::1", "::1")
    assert environ["SERVER_PORT"] == str(service.port)
