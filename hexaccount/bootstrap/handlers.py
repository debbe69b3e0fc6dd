"""Which handler answers which message, and which events are owed to whom."""

from datetime import timedelta
from functools import partial

from hexaccount.application.admit_request import AdmitRequest, admit_request
from hexaccount.application.authenticate import Authenticate, authenticate
from hexaccount.application.bus import Handlers
from hexaccount.application.create_profile import create_profile, prefetch_profiles
from hexaccount.application.disable_user import DisableUser, disable_user
from hexaccount.application.enable_user import EnableUser, enable_user
from hexaccount.application.get_profile import GetProfile, get_profile
from hexaccount.application.get_user import GetUser, get_user
from hexaccount.application.list_users import ListUsers, list_users
from hexaccount.application.log_in import LogIn, log_in
from hexaccount.application.log_out import LogOut, log_out
from hexaccount.application.login_guard import LoginGuard
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.identifiers import Identifiers
from hexaccount.application.ports.password_hasher import PasswordHasher
from hexaccount.application.ports.token_issuer import TokenIssuer
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.register_user import RegisterUser, register_user
from hexaccount.application.subscribers import HandlingSubscriber, Subscriber
from hexaccount.application.update_profile import UpdateProfile, update_profile
from hexaccount.domain.events import UserRegistered


def build_handlers(
    *,
    unit_of_work: UnitOfWorkFactory,
    hasher: PasswordHasher,
    tokens: TokenIssuer,
    clock: Clock,
    identifiers: Identifiers,
    access_lifetime: timedelta,
    guard: LoginGuard,
) -> Handlers:
    """Return the one handler of each command and query."""
    handlers = Handlers()
    handlers.answer(
        RegisterUser,
        partial(register_user, unit_of_work=unit_of_work, hasher=hasher, clock=clock, identifiers=identifiers),
    )
    handlers.answer(
        LogIn,
        partial(
            log_in,
            unit_of_work=unit_of_work,
            hasher=hasher,
            tokens=tokens,
            clock=clock,
            identifiers=identifiers,
            guard=guard,
            lifetime=access_lifetime,
        ),
    )
    handlers.answer(AdmitRequest, partial(admit_request, turnstile=guard.turnstile))
    handlers.answer(LogOut, partial(log_out, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(UpdateProfile, partial(update_profile, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(DisableUser, partial(disable_user, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(EnableUser, partial(enable_user, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(Authenticate, partial(authenticate, unit_of_work=unit_of_work, tokens=tokens, clock=clock))
    handlers.answer(GetUser, partial(get_user, unit_of_work=unit_of_work))
    handlers.answer(ListUsers, partial(list_users, unit_of_work=unit_of_work))
    handlers.answer(GetProfile, partial(get_profile, unit_of_work=unit_of_work))
    return handlers


def handling_subscribers(*, unit_of_work: UnitOfWorkFactory, clock: Clock) -> list[Subscriber]:
    """Return the event handlers, each a durable subscriber under a name that must not change."""
    return [
        HandlingSubscriber(
            name="profile-of-a-registered-user",
            event_type=UserRegistered,
            handler=partial(create_profile, clock=clock),
            unit_of_work=unit_of_work,
            prefetch=prefetch_profiles,
        )
    ]
