from typing import TYPE_CHECKING

import click

from hexaccount.accounts.views import UserView
from hexaccount.mail.request_recovery import StartRecovery
from hexaccount_click.actor import reason_option
from hexaccount_click.output import print_result
from hexaccount_click.table import printable
from hexaccount_click.user_argument import pass_user

if TYPE_CHECKING:
    from hexaccount.kernel.bus import MessageBus


@click.command()
@pass_user
@reason_option
def recover(bus: "MessageBus", user: UserView) -> None:
    """Send the owner of an account a message by which they can choose a new password."""
    bus.handle(StartRecovery(user_id=user.id))
    print_result(f"A message to {printable(user.email)} is on its way.")
