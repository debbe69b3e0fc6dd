"""Lines of one and of several processes on a pipe."""

import io
import multiprocessing
import os
import threading

from hexaccount_structlog import LineStream


def test_a_line_that_cannot_be_written_raises_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    LineStream(writer).write(b"lost")
    os.close(writer)
    LineStream(writer).write(b"lost too")


def test_a_stream_waits_for_a_nonblocking_pipe() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    lines = [bytes([65 + number]) * 4000 for number in range(20)]
    received = io.BytesIO()

    def read_slowly() -> None:
        while part := os.read(reader, 1000):
            received.write(part)

    reading = threading.Thread(target=read_slowly)
    stream = LineStream(writer)
    for line in lines[:16]:  # the capacity of a pipe
        stream.write(line)
    reading.start()
    for line in lines[16:]:
        stream.write(line)
    os.close(writer)
    reading.join()
    os.close(reader)
    assert received.getvalue() == b"".join(line + b"\n" for line in lines)


def write_many(writer: int, letter: int, number: int) -> None:
    stream = LineStream(writer)
    for length in range(number):
        stream.write(bytes([letter]) * (3500 + length % 500))


def test_lines_of_processes_that_share_a_pipe_do_not_interleave() -> None:
    reader, writer = os.pipe()
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=write_many, args=(writer, letter, 150)) for letter in b"abc"]
    for process in processes:
        process.start()
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        lines = pipe.read().splitlines()
    for process in processes:
        process.join()
    assert len(lines) == 450
    assert all(len(set(line)) == 1 for line in lines)
