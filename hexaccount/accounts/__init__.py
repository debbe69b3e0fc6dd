"""Accounts and their profiles: who a user is, and who may use the service."""

from hexaccount.accounts import (
    admins,
    create_profile,
    disable_user,
    enable_user,
    get_profile,
    get_user,
    list_users,
    profile_projection,
    profiles,
    update_profile,
    update_user,
    user,
    users,
)
from hexaccount.kernel.capability import Capability, EventHandler

capability = Capability(
    name="accounts",
    handlers={
        disable_user.DisableUser: disable_user.disable_user,
        enable_user.EnableUser: enable_user.enable_user,
        get_profile.GetProfile: get_profile.get_profile,
        get_user.GetUser: get_user.get_user,
        list_users.ListUsers: list_users.list_users,
        update_profile.UpdateProfile: update_profile.update_profile,
        update_user.UpdateUser: update_user.update_user,
    },
    event_handlers=(
        EventHandler(
            name="profile-of-a-registered-user",
            event=user.UserRegistered,
            handle=create_profile.create_profile,
            prefetch=create_profile.prefetch_profiles,
        ),
    ),
    replay_targets=(profile_projection.ProfileProjection,),
    permissions=(list_users.READ_USERS,),
    records=(users.USERS, profiles.PROFILES, admins.ADMIN_ROSTER),
)
