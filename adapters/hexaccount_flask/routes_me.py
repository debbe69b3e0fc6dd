from flask import Blueprint
from msgspec import UNSET
from msgspec.structs import asdict

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.errors import WrongPassword
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount_flask.answers import Ok, Tagged, Versioned
from hexaccount_flask.authentication import SignedIn
from hexaccount_flask.entity_tags import IfMatch, IfNoneMatch, entity_tag, expected_versions
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import DeviceModel, PasswordRequest, ProfileModel, ProfilePatch, UserModel
from hexaccount_flask.operation import operation


def me_routes(bus: Bus) -> Blueprint:
    """Return the routes by which people look after their own account."""
    routes = Blueprint("me", __name__, url_prefix="/api/v1/me")

    @routes.get("")
    @runs_in("quick")
    @operation(bus)
    def get_me(caller: SignedIn, if_none_match: IfNoneMatch) -> Tagged[UserModel]:
        """See one's account."""
        user = caller.user
        return Tagged(UserModel.of(user), entity_tag(UserModel, user.id, user.version), if_none_match)

    @routes.get("/profile")
    @runs_in("quick")
    @operation(bus)
    def get_profile(caller: SignedIn, if_none_match: IfNoneMatch) -> Tagged[ProfileModel]:
        """See one's profile.

        What is not told is null.
        """
        user_id = caller.user.id
        found = bus.handle(GetProfile(user_id=user_id))
        return Tagged(ProfileModel.of(found), entity_tag(ProfileModel, user_id, found.version), if_none_match)

    @routes.patch("/profile")
    @runs_in("quick")
    @operation(bus, refuses=[StaleVersion])
    def update_profile(caller: SignedIn, body: ProfilePatch, if_match: IfMatch) -> Versioned[ProfileModel]:
        """Change one's profile.

        What the body does not name stays, what is null or empty is removed.
        """
        changes = {name: text for name, text in asdict(body).items() if text is not UNSET}
        expected = expected_versions(if_match, ProfileModel, caller.user.id)
        updated = bus.handle(UpdateProfile.of_text(caller.user.id, changes, expected))
        return Versioned(ProfileModel.of(updated), entity_tag(ProfileModel, caller.user.id, updated.version))

    @routes.post("/password")
    @runs_in("password")
    @operation(bus, refuses=[WrongPassword, TooManyAttempts, HashingOverloaded, StaleVersion])
    def change_password(caller: SignedIn, body: PasswordRequest) -> Ok[DeviceModel]:
        """Change one's password.

        The session that asks goes on; all others end, and what devices had for their next login is void: the answer
        holds a new one for this device.
        """
        command = ChangePassword.of_text(
            session_id=caller.session_id, current=body.current_password, new=body.new_password
        )
        return Ok(DeviceModel(device=bus.handle(command)))

    return routes
