from uuid import UUID

import click

from hexaccount.accounts.get_user import GetUser
from hexaccount.kernel.clock import format_time
from hexaccount.sessions.end_all_sessions import EndAllSessions
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.views import SessionView
from hexaccount_click.options import json_option, limit_option, name_next_page, pass_program
from hexaccount_click.output import note, say, say_json
from hexaccount_click.program import Program
from hexaccount_click.table import align, printable

_HEADINGS = ("ID", "DEVICE", "ADDRESS", "CREATED", "LAST USED", "ENDS")


@click.command()
@click.argument("reference", metavar="REF")
@limit_option
@click.option("--after", type=click.UUID, metavar="ID", help="Begin after the session with this id.")
@json_option
@pass_program
def sessions(program: Program, *, reference: str, limit: int, after: UUID | None, as_json: bool) -> None:
    """List where an account is logged in, newest first."""
    bus = program.bus()
    user = bus.handle(GetUser(reference=reference))
    page = bus.handle(ListSessions(user_id=user.id, limit=limit, after=after))
    if as_json:
        say_json({"data": page.sessions, "page": {"next": page.next}})
        return
    if page.sessions:
        say("\n".join(align([_HEADINGS, *map(_row, page.sessions)])))
    else:
        note(f"{printable(user.user_name)} is not logged in anywhere.")
    if page.next:
        name_next_page(reference, limit=limit, after=page.next)


@click.command()
@click.argument("reference", metavar="REF")
@click.option("--session", type=click.UUID, metavar="ID", help="Only the session with this id.")
@pass_program
def logout(program: Program, *, reference: str, session: UUID | None) -> None:
    """End all sessions of an account, or one."""
    bus = program.bus()
    user = bus.handle(GetUser(reference=reference))
    if session is None:
        bus.handle(EndSessions(user_id=user.id))
        say(f"{printable(user.user_name)} is logged out everywhere.")
    else:
        bus.handle(EndSession(user_id=user.id, session_id=session))
        say(f"That session of {printable(user.user_name)} has ended.")


@click.command("logout-all")
@pass_program
def logout_all(program: Program) -> None:
    """End all sessions of all accounts, as after a restore."""
    accounts = program.bus().handle(EndAllSessions())
    say(f"Nobody is logged in any more, of {accounts} accounts.")


def _row(session: SessionView) -> tuple[str, ...]:
    return (
        str(session.id),
        session.device,
        session.address,
        format_time(session.created_at),
        format_time(session.last_used_at),
        format_time(session.idle_until),
    )
