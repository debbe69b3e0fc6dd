"""A client that openapi-python-client has written: `python python_client.py http://127.0.0.1:8000`."""

import json
import os
import sys

from accounts_client import AuthenticatedClient, Client
from accounts_client.api.account import log_in, register
from accounts_client.api.me import get_me
from accounts_client.models.access_answer import AccessAnswer
from accounts_client.models.login_request import LoginRequest
from accounts_client.models.my_user_answer import MyUserAnswer
from accounts_client.models.problem import Problem
from accounts_client.models.register_request import RegisterRequest

SERVICE = sys.argv[1]
NAME, PASSWORD, EXPIRED = f"ada-{os.getpid()}", "a long and winding road", "expired"


def registration(email: str, password: str = PASSWORD) -> RegisterRequest:
    """Return a request to register Ada."""
    return RegisterRequest(user_name=NAME, first_name="Ada", last_name="Lovelace", email=email, password=password)


def code_of(answer: object) -> str | None:
    """Return the code of a problem, None for another answer."""
    return answer.code if isinstance(answer, Problem) else None


def main() -> None:
    """Show a login, and how the service refuses."""
    client = Client(base_url=SERVICE)
    register.sync(client=client, body=registration(f"{NAME}@example.org"))
    opened = log_in.sync(client=client, body=LoginRequest(user_name=NAME, password=PASSWORD))
    if not isinstance(opened, AccessAnswer):
        raise SystemExit(f"the service answered {opened}")
    me = get_me.sync(client=AuthenticatedClient(base_url=SERVICE, token=opened.data.access))
    conflict = register.sync(client=client, body=registration(f"{NAME}@example.org"))
    unauthorized = get_me.sync(client=AuthenticatedClient(base_url=SERVICE, token=EXPIRED))
    invalid = register.sync(client=client, body=registration("ada", "short"))
    if not isinstance(me, MyUserAnswer) or not isinstance(invalid, Problem):
        raise SystemExit(f"the service answered {me} and {invalid}")
    shown = {
        "name": me.data.first_name,
        "conflict": code_of(conflict),
        "unauthorized": code_of(unauthorized),
        "invalid": [error.pointer for error in invalid.errors or []],
    }
    sys.stdout.write(json.dumps(shown) + "\n")


if __name__ == "__main__":
    main()
