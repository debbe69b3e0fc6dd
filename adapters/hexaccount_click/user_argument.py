from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.views import UserView
from hexaccount_click.options import configured_program

if TYPE_CHECKING:  # it imports thread pools, and `--help` needs none
    from hexaccount.kernel.bus import MessageBus

P = ParamSpec("P")
R = TypeVar("R")


def pass_user(command: Callable[Concatenate["MessageBus", UserView, P], R]) -> Callable[P, R]:
    """Add the argument REF, and pass the bus and the account that REF names."""

    @click.argument("reference", metavar="REF")
    @wraps(command)
    def with_user(*args: P.args, **kwargs: P.kwargs) -> R:
        reference = str(kwargs.pop("reference"))
        bus = configured_program().bus()
        return command(bus, bus.handle(GetUser(reference=reference)), *args, **kwargs)

    return with_user
