from flask import Blueprint, Response, request

from hexaccount.application.bus import Bus
from hexaccount.application.get_user import GetUser
from hexaccount.application.list_users import ListUsers
from hexaccount.domain.permission import Permission
from hexaccount_flask.answers import answer, tagged_answer
from hexaccount_flask.authentication import authorized
from hexaccount_flask.entity_tags import entity_tag
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import Answer, ListAnswer, Page, UserModel
from hexaccount_flask.query import cursor_of, page_limit, page_start, user_id_in


def users_routes(bus: Bus) -> Blueprint:
    """Return the routes by which admins see all accounts."""
    routes = Blueprint("users", __name__, url_prefix="/api/v1/users")

    @routes.get("")
    @runs_in("quick")
    def users() -> Response:
        authorized(bus, Permission.READ_USERS)
        page = bus.handle(ListUsers(limit=page_limit(request), after=page_start(request)))
        models = [UserModel.of(user) for user in page.users]
        return answer(ListAnswer(models, Page(cursor_of(page.next))))

    @routes.get("/<user_id>")
    @runs_in("quick")
    def user(user_id: str) -> Response:
        authorized(bus, Permission.READ_USERS)
        found = bus.handle(GetUser(reference=str(user_id_in(user_id))))
        return tagged_answer(request, Answer(UserModel.of(found)), entity_tag(UserModel, found.id, found.version))

    return routes
