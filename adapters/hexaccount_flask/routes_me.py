from flask import Blueprint, Response, request
from msgspec import UNSET
from msgspec.structs import asdict

from hexaccount.application.bus import Bus
from hexaccount.application.change_password import ChangePassword
from hexaccount.application.get_profile import GetProfile
from hexaccount.application.update_profile import UpdateProfile
from hexaccount_flask.answers import answer, tagged_answer
from hexaccount_flask.authentication import authenticated
from hexaccount_flask.entity_tags import entity_tag, expected_versions
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import Answer, DeviceModel, PasswordRequest, ProfileModel, ProfilePatch, UserModel
from hexaccount_flask.parsing import JSON, MERGE_PATCH, parse


def me_routes(bus: Bus) -> Blueprint:
    """Return the routes by which people look after their own account."""
    routes = Blueprint("me", __name__, url_prefix="/api/v1/me")

    @routes.get("")
    @runs_in("quick")
    def me() -> Response:
        user = authenticated(bus).user
        return tagged_answer(request, Answer(UserModel.of(user)), entity_tag(UserModel, user.id, user.version))

    @routes.get("/profile")
    @runs_in("quick")
    def profile() -> Response:
        user_id = authenticated(bus).user.id
        found = bus.handle(GetProfile(user_id=user_id))
        tag = entity_tag(ProfileModel, user_id, found.version)
        return tagged_answer(request, Answer(ProfileModel.of(found)), tag)

    @routes.patch("/profile")
    @runs_in("quick")
    def update_profile() -> Response:
        caller = authenticated(bus)
        patch = parse(ProfilePatch, request, media_types=(MERGE_PATCH, JSON))
        changes = {name: text for name, text in asdict(patch).items() if text is not UNSET}
        expected = expected_versions(request, ProfileModel, caller.user.id)
        updated = bus.handle(UpdateProfile.of_text(caller.user.id, changes, expected))
        tag = entity_tag(ProfileModel, caller.user.id, updated.version)
        return answer(Answer(ProfileModel.of(updated)), headers=(("ETag", tag),))

    @routes.post("/password")
    @runs_in("password")
    def change_password() -> Response:
        caller = authenticated(bus)
        body = parse(PasswordRequest, request)
        command = ChangePassword.of_text(
            session_id=caller.session_id, current=body.current_password, new=body.new_password
        )
        return answer(Answer(DeviceModel(device=bus.handle(command))))

    return routes
