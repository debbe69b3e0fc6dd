"""Secrets to plant, and users who have them."""

from hexaccount.bootstrap.service import Service
from tests import people

KEY = "the key of a canary that sings no longer"
PASSWORD = "seven 'canaries' in a coal mine"
HEADER = "Bearer " + "aGFyZGx5IGEgdG9rZW4" * 2


def register(service: Service, name: str = "tweety", **changes: str) -> None:
    people.register(service.bus, name, **{"password": PASSWORD, **changes})


def token_of(service: Service) -> str:
    register(service)
    return people.log_in(service.bus, "tweety", PASSWORD).token
