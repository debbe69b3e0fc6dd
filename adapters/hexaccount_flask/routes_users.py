from uuid import UUID

from flask import Blueprint, Response, request

from hexaccount.application.bus import Bus
from hexaccount.application.get_user import GetUser
from hexaccount.application.list_users import LONGEST_PAGE, ListUsers
from hexaccount.domain.errors import UserNotFound
from hexaccount_flask.answers import answer, tagged_answer
from hexaccount_flask.authentication import authenticated_admin
from hexaccount_flask.entity_tags import entity_tag
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import Answer, ListAnswer, Page, UserModel
from hexaccount_flask.query import cursor_of, limit_of, parameter, place_of

_USUAL_PAGE = 50


def users_routes(bus: Bus) -> Blueprint:
    """Return the routes by which admins see all accounts."""
    routes = Blueprint("users", __name__, url_prefix="/api/v1/users")

    @routes.get("")
    @runs_in("quick")
    def users() -> Response:
        authenticated_admin(bus)
        limit = parameter(request, "limit", limit_of, f"must be a whole number from 1 to {LONGEST_PAGE}")
        after = parameter(request, "after", place_of, "must be `page.next` of the page before")
        page = bus.handle(ListUsers(limit=limit or _USUAL_PAGE, after=after))
        models = [UserModel.of(user) for user in page.users]
        return answer(ListAnswer(models, Page(cursor_of(page.next))))

    @routes.get("/<user_id>")
    @runs_in("quick")
    def user(user_id: str) -> Response:
        authenticated_admin(bus)
        found = bus.handle(GetUser(reference=str(_id_of(user_id))))
        return tagged_answer(request, Answer(UserModel.of(found)), entity_tag(UserModel, found.id, found.version))

    return routes


def _id_of(text: str) -> UUID:
    """Return an id in its one spelling: names and addresses are for the command line, here they would be no paths."""
    try:
        found = UUID(text)
    except ValueError:
        raise UserNotFound from None
    if str(found) != text:
        raise UserNotFound
    return found
