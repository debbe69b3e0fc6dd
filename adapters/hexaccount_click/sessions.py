from typing import TYPE_CHECKING
from uuid import UUID

import click

from hexaccount.accounts.views import UserView
from hexaccount.sessions.end_all_sessions import EndAllSessions
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.views import SessionView
from hexaccount_click.actor import reason_option
from hexaccount_click.options import json_option, pass_program, wide_option
from hexaccount_click.output import Columns, print_result
from hexaccount_click.paging import limit_option, print_page
from hexaccount_click.program import Program
from hexaccount_click.table import printable
from hexaccount_click.user_argument import pass_user

if TYPE_CHECKING:
    from hexaccount.kernel.bus import MessageBus

_COLUMNS: Columns[SessionView] = {
    "ID": lambda session: session.id,
    "DEVICE": lambda session: session.device,
    "ADDRESS": lambda session: session.address,
    "CREATED": lambda session: session.created_at,
    "LAST USED": lambda session: session.last_used_at,
    "ENDS": lambda session: session.idle_until,
}


@click.command()
@pass_user
@limit_option
@click.option("--after", type=click.UUID, metavar="ID", help="Begin after the session with this id.")
@wide_option
@json_option
def sessions(bus: "MessageBus", user: UserView, *, limit: int, after: UUID | None, wide: bool, as_json: bool) -> None:
    """List the sessions of an account, newest first."""
    page = bus.handle(ListSessions(user_id=user.id, limit=limit, after=after))
    empty = f"{printable(user.user_name)} has no sessions."
    print_page(page.sessions, page.next, _COLUMNS, as_json=as_json, wide=wide, empty=empty)


@click.command()
@pass_user
@click.option("--session", type=click.UUID, metavar="ID", help="End only the session with this id.")
@reason_option
def logout(bus: "MessageBus", user: UserView, *, session: UUID | None) -> None:
    """End all sessions of an account, or one."""
    if session is None:
        bus.handle(EndSessions(user_id=user.id))
        print_result(f"{printable(user.user_name)} is logged out everywhere.")
    else:
        bus.handle(EndSession(user_id=user.id, session_id=session))
        print_result(f"The session {session} of {printable(user.user_name)} has ended.")


@click.command("logout-all")
@reason_option
@pass_program
def logout_all(program: Program) -> None:
    """End all sessions of all accounts, for instance after a restore."""
    accounts = program.bus().handle(EndAllSessions())
    print_result(f"All sessions have ended, of {accounts} accounts.")
