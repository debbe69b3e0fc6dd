import json
from collections.abc import Callable
from contextlib import AbstractContextManager

import requests

from tests.servers.processes import RunningCommand
from tests.service.scenario import json_lines

Serving = Callable[..., AbstractContextManager[tuple[RunningCommand, str]]]


def test_requests_for_nothing_leave_a_bounded_number_of_lines_and_the_number_of_the_others(
    serving: Serving, settings: dict[str, str]
) -> None:
    with serving("--workers", "1", **settings) as (command, url), requests.Session() as session:
        answers = [session.get(f"{url}/nothing/{number}", timeout=30).status_code for number in range(300)]
        assert command.terminate() == 0
        lines = [line for line in map(json.loads, json_lines(command.output)) if line.get("error.code") == "not_found"]
    assert answers == [404] * 300
    left_out = sum(line.get("labels.left_out", 0) for line in lines)
    written = [line for line in lines if "http.request.id" in line]
    assert 100 <= len(written) < 300
    assert left_out == 300 - len(written)
