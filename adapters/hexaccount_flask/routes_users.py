from flask import Blueprint

from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.list_users import ListUsers
from hexaccount.kernel.bus import Bus
from hexaccount_flask.answers import Listed, Tagged
from hexaccount_flask.authentication import MayReadUsers
from hexaccount_flask.entity_tags import IfNoneMatch, entity_tag
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import UserModel
from hexaccount_flask.operation import operation
from hexaccount_flask.query import PageLimit, PageStart, UserIdInPath, cursor_of


def users_routes(bus: Bus) -> Blueprint:
    """Return the routes by which admins see all accounts."""
    routes = Blueprint("users", __name__, url_prefix="/api/v1/users")

    @routes.get("")
    @runs_in("quick")
    @operation(bus)
    def list_users(_: MayReadUsers, limit: PageLimit, after: PageStart) -> Listed[UserModel]:
        """See all accounts, oldest first."""
        page = bus.handle(ListUsers(limit=limit, after=after))
        return Listed([UserModel.of(user) for user in page.users], cursor_of(page.next))

    @routes.get("/<user_id>")
    @runs_in("quick")
    @operation(bus)
    def get_user(_: MayReadUsers, user_id: UserIdInPath, if_none_match: IfNoneMatch) -> Tagged[UserModel]:
        """See one account."""
        found = bus.handle(GetUser(reference=str(user_id)))
        return Tagged(UserModel.of(found), entity_tag(UserModel, found.id, found.version), if_none_match)

    return routes
