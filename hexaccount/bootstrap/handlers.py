"""Which handler answers which message, and which events are owed to whom."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

from hexaccount.application.add_key import AddKey, add_key
from hexaccount.application.admit_request import AdmitRequest, admit_request
from hexaccount.application.authenticate import Authenticate, authenticate
from hexaccount.application.bus import Handlers
from hexaccount.application.change_password import ChangePassword, change_password
from hexaccount.application.create_profile import create_profile, prefetch_profiles
from hexaccount.application.disable_user import DisableUser, disable_user
from hexaccount.application.enable_user import EnableUser, enable_user
from hexaccount.application.end_all_sessions import EndAllSessions, end_all_sessions
from hexaccount.application.end_session import EndSession, end_session
from hexaccount.application.end_sessions import EndSessions, end_sessions
from hexaccount.application.forget_subscriber import ForgetSubscriber, forget_subscriber
from hexaccount.application.get_event import GetEvent, get_event
from hexaccount.application.get_profile import GetProfile, get_profile
from hexaccount.application.get_user import GetUser, get_user
from hexaccount.application.grant_role import GrantRole, grant_role
from hexaccount.application.idempotency import IdempotencyKeys
from hexaccount.application.known_sessions import KnownSessions
from hexaccount.application.list_events import ListEvents, list_events
from hexaccount.application.list_keys import ListKeys, list_keys
from hexaccount.application.list_sessions import ListSessions, list_sessions
from hexaccount.application.list_subscribers import ListSubscribers, list_subscribers
from hexaccount.application.list_users import ListUsers, list_users
from hexaccount.application.log_in import LogIn, log_in
from hexaccount.application.log_out import LogOut, log_out
from hexaccount.application.login_guard import LoginGuard
from hexaccount.application.plan_replay import PlanReplay, plan_replay
from hexaccount.application.ports.clearing import Clearing
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.common_passwords import CommonPasswords
from hexaccount.application.ports.fingerprints import Fingerprints
from hexaccount.application.ports.history import History
from hexaccount.application.ports.identifiers import Identifiers
from hexaccount.application.ports.key_smith import KeySmith
from hexaccount.application.ports.outbox import Outbox
from hexaccount.application.ports.password_hasher import PasswordHasher
from hexaccount.application.ports.session_cache import NoSessionCache, SessionCache
from hexaccount.application.ports.signing_keys import SigningKeys
from hexaccount.application.ports.store import Store
from hexaccount.application.ports.subscriptions import Subscriptions
from hexaccount.application.ports.token_issuer import TokenIssuer
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.profile_projection import ProfileProjection
from hexaccount.application.purge import Purge, Retention, purge
from hexaccount.application.refresh_session import RefreshSession, refresh_session
from hexaccount.application.register_user import RegisterUser, register_user
from hexaccount.application.remove_key import RemoveKey, remove_key
from hexaccount.application.replay import OwedAgain, ReplayTargets
from hexaccount.application.replay_events import ReplayEvents, replay_events
from hexaccount.application.retire_key import RetireKey, retire_key
from hexaccount.application.revoke_role import RevokeRole, revoke_role
from hexaccount.application.role_book import RoleBook
from hexaccount.application.set_password import SetPassword, set_password
from hexaccount.application.subscribers import HandlingSubscriber, Subscriber
from hexaccount.application.update_profile import UpdateProfile, update_profile
from hexaccount.domain.events import UserRegistered
from hexaccount.domain.lifetimes import Lifetimes

_NO_CACHE = NoSessionCache()


def build_handlers(
    *,
    unit_of_work: UnitOfWorkFactory,
    history: History,
    replay_targets: ReplayTargets,
    subscriptions: Subscriptions,
    outbox: Outbox,
    known_subscribers: Collection[str],
    clearing: Clearing,
    retention: Retention,
    hasher: PasswordHasher,
    common_passwords: CommonPasswords,
    tokens: TokenIssuer,
    keys: SigningKeys,
    smith: KeySmith,
    clock: Clock,
    identifiers: Identifiers,
    lifetimes: Lifetimes,
    roles: RoleBook,
    fingerprints: Fingerprints,
    idempotency_lifetime: timedelta,
    guard: LoginGuard,
    session_cache: SessionCache = _NO_CACHE,
) -> Handlers:
    """Return the one handler of each command and query."""
    handlers = Handlers()
    sessions = KnownSessions(unit_of_work, session_cache)
    idempotency_keys = IdempotencyKeys(
        unit_of_work=unit_of_work, fingerprints=fingerprints, clock=clock, lifetime=idempotency_lifetime
    )
    handlers.answer(
        RegisterUser,
        partial(
            register_user,
            unit_of_work=unit_of_work,
            hasher=hasher,
            common_passwords=common_passwords,
            clock=clock,
            identifiers=identifiers,
            roles=roles,
            keys=idempotency_keys,
            guard=guard,
        ),
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
            lifetimes=lifetimes,
        ),
    )
    handlers.answer(AdmitRequest, partial(admit_request, turnstile=guard.turnstile))
    handlers.answer(
        RefreshSession,
        partial(
            refresh_session,
            unit_of_work=unit_of_work,
            tokens=tokens,
            clock=clock,
            identifiers=identifiers,
            lifetimes=lifetimes,
        ),
    )
    handlers.answer(ListSessions, partial(list_sessions, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(EndSession, partial(end_session, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(EndSessions, partial(end_sessions, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(EndAllSessions, partial(end_all_sessions, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(
        ChangePassword,
        partial(
            change_password,
            unit_of_work=unit_of_work,
            hasher=hasher,
            common_passwords=common_passwords,
            clock=clock,
            identifiers=identifiers,
            guard=guard,
        ),
    )
    handlers.answer(
        SetPassword,
        partial(set_password, unit_of_work=unit_of_work, hasher=hasher, common_passwords=common_passwords, clock=clock),
    )
    handlers.answer(GrantRole, partial(grant_role, unit_of_work=unit_of_work, clock=clock, roles=roles))
    handlers.answer(RevokeRole, partial(revoke_role, unit_of_work=unit_of_work, clock=clock, roles=roles))
    handlers.answer(LogOut, partial(log_out, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(UpdateProfile, partial(update_profile, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(DisableUser, partial(disable_user, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(EnableUser, partial(enable_user, unit_of_work=unit_of_work, clock=clock))
    handlers.answer(Authenticate, partial(authenticate, sessions=sessions, tokens=tokens, clock=clock, roles=roles))
    handlers.answer(GetUser, partial(get_user, unit_of_work=unit_of_work))
    handlers.answer(ListUsers, partial(list_users, unit_of_work=unit_of_work))
    handlers.answer(GetProfile, partial(get_profile, unit_of_work=unit_of_work))
    handlers.answer(ListEvents, partial(list_events, history=history))
    handlers.answer(GetEvent, partial(get_event, history=history))
    handlers.answer(PlanReplay, partial(plan_replay, history=history, targets=replay_targets))
    handlers.answer(ReplayEvents, partial(replay_events, history=history, targets=replay_targets))
    handlers.answer(
        ListSubscribers, partial(list_subscribers, subscriptions=subscriptions, outbox=outbox, known=known_subscribers)
    )
    handlers.answer(ForgetSubscriber, partial(forget_subscriber, subscriptions=subscriptions, known=known_subscribers))
    handlers.answer(Purge, partial(purge, clearing=clearing, clock=clock, retention=retention))
    handlers.answer(AddKey, partial(add_key, keys=keys, smith=smith, clock=clock))
    handlers.answer(RetireKey, partial(retire_key, keys=keys, smith=smith, clock=clock))
    handlers.answer(RemoveKey, partial(remove_key, keys=keys, smith=smith, clock=clock, lifetime=lifetimes.access))
    handlers.answer(ListKeys, partial(list_keys, keys=keys, smith=smith, clock=clock, lifetime=lifetimes.access))
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


def replay_targets(*, subscribers: Sequence[Subscriber], store: Store) -> ReplayTargets:
    """Return to whom events can be replayed: the subscribers, and what the store keeps as a read model of journals."""
    profiles = ProfileProjection(store.unit_of_work, store.stored_profiles)
    return [*(OwedAgain(subscriber, store.outbox) for subscriber in subscribers), profiles]
