"""The caller's profile."""

from typing import Annotated, ClassVar, TypeAlias

from msgspec import UNSET, UnsetType

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.profile import (
    LONGEST_ADDRESS,
    LONGEST_BIO,
    LONGEST_PHONE,
    PHONE_PATTERN,
    clean_address,
    clean_bio,
    clean_phone,
)
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount_flask.web.authentication import SignedIn
from hexaccount_flask.web.bodies import RequestModel, members_of
from hexaccount_flask.web.entity_tags import IfMatch, IfNoneMatch, expected_versions
from hexaccount_flask.web.fields import Time, text
from hexaccount_flask.web.headers import JSON, MERGE_PATCH
from hexaccount_flask.web.operations import Routes
from hexaccount_flask.web.responses import Resource, Tagged, Versioned

_PATH = "/api/v1/me/profile"

Bio: TypeAlias = Annotated[
    str,
    text(
        "A self-description, on any number of lines.",
        "First programmer",
        check=clean_bio,
        maxLength=LONGEST_BIO,
        format="paragraph",
    ),
]
Phone: TypeAlias = Annotated[
    str,
    text(
        "A telephone number of 3 to 20 digits with the usual separators. Digits, dashes and spaces of all scripts are "
        "stored in ASCII.",
        "+49 30 901820",
        check=clean_phone,
        maxLength=LONGEST_PHONE,
        pattern=f"^(?:{PHONE_PATTERN})?$",
    ),
]
PostalAddress: TypeAlias = Annotated[
    str,
    text(
        "A postal address, on any number of lines.",
        "12 St James's Square\nLondon",
        check=clean_address,
        maxLength=LONGEST_ADDRESS,
        format="paragraph",
    ),
]
routes = Routes()


class ProfilePatch(RequestModel, frozen=True, kw_only=True):
    """A merge patch (RFC 7396) of a profile: a member that is absent stays, one that is null is removed."""

    media_types: ClassVar[tuple[str, ...]] = (MERGE_PATCH, JSON)

    bio: Bio | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    address: PostalAddress | UnsetType | None = UNSET


class ProfileModel(Resource, frozen=True):
    """A user's description of themselves."""

    bio: Bio | None
    phone: Phone | None
    address: PostalAddress | None
    updated_at: Time | None


@routes.add("GET", _PATH, tag="me")
def get_profile(bus: MessageBus, caller: SignedIn, if_none_match: IfNoneMatch) -> Tagged[ProfileModel]:
    """Get your profile.

    A member without a value is null.
    """
    profile = bus.handle(GetProfile(user_id=caller.user.id))
    return Tagged(ProfileModel.of(profile), caller.user.id, profile.version, if_none_match)


@routes.add("PATCH", _PATH, tag="me", errors=[StaleVersion])
def update_profile(bus: MessageBus, caller: SignedIn, body: ProfilePatch, if_match: IfMatch) -> Versioned[ProfileModel]:
    """Change your profile.

    A member that is absent stays, one that is null or empty is removed.
    """
    user_id = caller.user.id
    expected = expected_versions(if_match, ProfileModel, user_id)
    profile = bus.handle(UpdateProfile.of_text(user_id, members_of(body), expected))
    return Versioned(ProfileModel.of(profile), user_id, profile.version)
