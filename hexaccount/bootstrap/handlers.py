"""Which handler answers which message, and which events are owed to whom."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

from hexaccount.accounts.create_profile import create_profile, prefetch_profiles
from hexaccount.accounts.disable_user import DisableUser, disable_user
from hexaccount.accounts.enable_user import EnableUser, enable_user
from hexaccount.accounts.get_profile import GetProfile, get_profile
from hexaccount.accounts.get_user import GetUser, get_user
from hexaccount.accounts.list_users import ListUsers, list_users
from hexaccount.accounts.profile_projection import ProfileProjection
from hexaccount.accounts.update_profile import UpdateProfile, update_profile
from hexaccount.accounts.user import UserRegistered
from hexaccount.events.get_event import GetEvent, get_event
from hexaccount.events.list_events import ListEvents, list_events
from hexaccount.events.list_subscribers import ListSubscribers, list_subscribers
from hexaccount.events.ports import History, Outbox, Subscriptions
from hexaccount.events.preview_replay import PreviewReplay, preview_replay
from hexaccount.events.replay import ReplayTargets, SubscriberReplay
from hexaccount.events.replay_events import ReplayEvents, replay_events
from hexaccount.events.subscribers import HandlingSubscriber, Subscriber
from hexaccount.events.unsubscribe import Unsubscribe, unsubscribe
from hexaccount.idempotency.idempotency_keys import IdempotencyKeys
from hexaccount.kernel.bus import Handlers
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.passwords.change_password import ChangePassword, change_password
from hexaccount.passwords.log_in import LogIn, log_in
from hexaccount.passwords.login_throttle import LoginThrottle
from hexaccount.passwords.ports import CommonPasswords, PasswordHasher
from hexaccount.passwords.set_password import SetPassword, set_password
from hexaccount.rate_limits.acquire_permit import AcquirePermit, acquire_permit
from hexaccount.registration.register_user import RegisterUser, register_user
from hexaccount.retention.apply_retention import ApplyRetention, Retention, apply_retention
from hexaccount.retention.ports import RetentionStore
from hexaccount.roles.grant_role import GrantRole, grant_role
from hexaccount.roles.revoke_role import RevokeRole, revoke_role
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.sessions.authenticate import Authenticate, authenticate
from hexaccount.sessions.end_all_sessions import EndAllSessions, end_all_sessions
from hexaccount.sessions.end_session import EndSession, end_session
from hexaccount.sessions.end_sessions import EndSessions, end_sessions
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.list_sessions import ListSessions, list_sessions
from hexaccount.sessions.log_out import LogOut, log_out
from hexaccount.sessions.ports import NoSessionCache, SessionCache, TokenIssuer
from hexaccount.sessions.refresh_session import RefreshSession, refresh_session
from hexaccount.sessions.session_reader import SessionReader
from hexaccount.signing_keys.add_key import AddKey, add_key
from hexaccount.signing_keys.list_keys import ListKeys, list_keys
from hexaccount.signing_keys.ports import KeyFactory, SigningKeys
from hexaccount.signing_keys.remove_key import RemoveKey, remove_key
from hexaccount.signing_keys.retire_key import RetireKey, retire_key
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory

_NO_CACHE = NoSessionCache()


def build_handlers(
    *,
    unit_of_work: UnitOfWorkFactory,
    history: History,
    replay_targets: ReplayTargets,
    subscriptions: Subscriptions,
    outbox: Outbox,
    known_subscribers: Collection[str],
    retention_store: RetentionStore,
    retention: Retention,
    hasher: PasswordHasher,
    common_passwords: CommonPasswords,
    tokens: TokenIssuer,
    keys: SigningKeys,
    key_factory: KeyFactory,
    clock: Clock,
    identifiers: Identifiers,
    lifetimes: Lifetimes,
    roles: RoleRegistry,
    fingerprints: Fingerprints,
    idempotency_lifetime: timedelta,
    throttle: LoginThrottle,
    session_cache: SessionCache = _NO_CACHE,
) -> Handlers:
    """Return the one handler of each command and query."""
    handlers = Handlers()
    sessions = SessionReader(unit_of_work, session_cache)
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
            throttle=throttle,
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
            throttle=throttle,
            lifetimes=lifetimes,
        ),
    )
    handlers.answer(AcquirePermit, partial(acquire_permit, rate_limiter=throttle.rate_limiter))
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
            throttle=throttle,
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
    handlers.answer(PreviewReplay, partial(preview_replay, history=history, targets=replay_targets))
    handlers.answer(ReplayEvents, partial(replay_events, history=history, targets=replay_targets))
    handlers.answer(
        ListSubscribers, partial(list_subscribers, subscriptions=subscriptions, outbox=outbox, known=known_subscribers)
    )
    handlers.answer(Unsubscribe, partial(unsubscribe, subscriptions=subscriptions, known=known_subscribers))
    handlers.answer(
        ApplyRetention, partial(apply_retention, retention_store=retention_store, clock=clock, retention=retention)
    )
    handlers.answer(AddKey, partial(add_key, keys=keys, key_factory=key_factory, clock=clock))
    handlers.answer(RetireKey, partial(retire_key, keys=keys, key_factory=key_factory, clock=clock))
    handlers.answer(
        RemoveKey, partial(remove_key, keys=keys, key_factory=key_factory, clock=clock, lifetime=lifetimes.access)
    )
    handlers.answer(
        ListKeys, partial(list_keys, keys=keys, key_factory=key_factory, clock=clock, lifetime=lifetimes.access)
    )
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
    return [*(SubscriberReplay(subscriber, store.outbox) for subscriber in subscribers), profiles]
