from typing import Annotated, TypeAlias

from msgspec import Meta

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.errors import WrongPassword
from hexaccount.passwords.password import Password
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount_flask.access import Granted, UserAgent
from hexaccount_flask.web.authentication import SignedIn
from hexaccount_flask.web.bodies import RequestModel
from hexaccount_flask.web.client_addresses import ClientAddress
from hexaccount_flask.web.fields import AnyText, text
from hexaccount_flask.web.operations import Routes
from hexaccount_flask.web.problems import ProblemType, retry_after

NewPassword: TypeAlias = Annotated[
    str,
    text(
        "Any characters of Unicode but control characters, counted as code points; invisible ones do not count towards "
        "the least. The service may require more, and refuses with the reason what is easy to guess, such as a common "
        "password or one made of the account's own names or address.",
        "a long and winding road",
        check=Password,
        minLength=Password.shortest,
        maxLength=Password.longest,
        format="password",
    ),
]
# Longer than any that can be set: normalising a text costs the square of its length in the worst case.
GivenPassword: TypeAlias = Annotated[
    AnyText,
    Meta(max_length=8 * Password.longest),
    text("The current password.", "a long and winding road", format="password"),
]
routes = Routes(
    {
        WrongPassword: ProblemType(422, detail="the current password is wrong"),
        HashingOverloaded: ProblemType(
            503, headers=lambda error: retry_after(error.retry_after), example=HashingOverloaded(2)
        ),
    }
)


class PasswordRequest(RequestModel, frozen=True, kw_only=True):
    """The current password, and the new one."""

    current_password: GivenPassword
    new_password: Annotated[NewPassword, Meta(examples=["over the hills and far away"])]


@routes.add(
    "POST",
    "/api/v1/me/password",
    tag="me",
    request_class="password",
    errors=[WrongPassword, TooManyAttempts, HashingOverloaded, StaleVersion],
)
def change_password(
    bus: MessageBus, caller: SignedIn, body: PasswordRequest, client_address: ClientAddress, user_agent: UserAgent
) -> Granted:
    """Change your password.

    All sessions end, this one too, and the `device` texts of all devices become invalid: the answer contains those of a
    new session on this device, as that of a login.
    """
    command = ChangePassword.of_text(
        session_id=caller.session_id,
        current=body.current_password,
        new=body.new_password,
        client_address=client_address,
        user_agent=user_agent,
    )
    return Granted(bus.handle(command))
