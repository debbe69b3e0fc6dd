"""Who works at the command line, and why: what the events of a command say about its cause."""

import os
from pwd import getpwuid

import click

from hexaccount.kernel.causation import Cause, admin_actor, because, caused_by
from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.text import clean_line

_LONGEST_REASON = 200


def act_as_admin(context: click.Context) -> None:
    """Make the operating system's user, on this host, the actor of a command."""
    actor = admin_actor(_user_name(), os.uname().nodename)
    context.with_resource(caused_by(Cause(actor=actor)))


def _user_name() -> str:
    user = os.getuid()
    try:
        return getpwuid(user).pw_name
    except KeyError:  # as in a container that runs as a number
        return str(user)


def _keep_reason(context: click.Context, option: click.Parameter, text: str | None) -> None:
    if text is None:
        return
    try:
        reason = clean_line(text, at_most=_LONGEST_REASON)
    except InvalidValue as refusal:
        raise click.BadParameter(f"it {refusal.reason}", context, option) from refusal
    because(reason or None)


reason_option = click.option(
    "--reason",
    metavar="TEXT",
    expose_value=False,
    callback=_keep_reason,
    help="Why, for the event that records it.",
)
