"""What there is to see of the store: whether it answers, its schema, the keys and the deliveries that it holds."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hexaccount.bootstrap.key_file import seed_of
from hexaccount.bootstrap.local_checks import check_store_file
from hexaccount.bootstrap.preparation import check_store_is_there
from hexaccount.bootstrap.publishers import open_publishers
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.stores import kind_of, open_store
from hexaccount.bootstrap.subscribers import all_subscribers
from hexaccount.events.list_subscribers import (
    MOST_COUNTED,
    ListSubscribers,
    SubscriberView,
    SubscriptionState,
    list_subscribers,
)
from hexaccount.events.ports import Backlog
from hexaccount.events.subscribers import names_of
from hexaccount.kernel.identifiers import moment_of
from hexaccount.kernel.unit_of_work import StoreRefused, StoreUnavailable
from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount.sessions.ports import NoSessionCache
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import SchemaMismatch, SchemaTooNew, Store
from hexaccount_system import SystemClock, Uuid7Identifiers

# Whoever is delivered to by other processes is owed something now and then, too.
_SOON = timedelta(minutes=1)
_WELL, _TO_DO, _AWAY = Verdict.WELL, Verdict.TO_DO, Verdict.AWAY


def check_store(settings: Settings) -> list[Finding]:
    """Return what is found of the store, and of what it holds as far as it answers."""
    kind = settings.store_kind
    if not kind_of(settings).lasts:
        message = f"{kind}: it lives, and ends, with the process that serves"
        return [Finding(part="store", verdict=_WELL, message=message)]
    try:
        check_store_is_there(settings)
        store = open_store(settings, EventRecorder(Uuid7Identifiers(), settings.event_source))
    except SchemaMismatch as error:
        return [Finding(part="schema", verdict=_TO_DO, message=str(error))]
    except SettingsError as error:
        return [Finding(part="store", verdict=_TO_DO, message=str(error))]
    try:
        return _look_into(settings, store)
    except StoreUnavailable as error:
        verdict = _TO_DO if isinstance(error, StoreRefused) else _AWAY
        remedy = error.remedy or "start it, or correct the setting store (HEXACCOUNT_STORE)"
        remedy = f"{remedy[:1].upper()}{remedy[1:]}. Until then requests are answered with 503."
        return [Finding(part="store", verdict=verdict, message=f"{kind}: {error.reason}", remedy=remedy)]
    finally:
        store.close()


def _look_into(settings: Settings, store: Store) -> list[Finding]:
    try:
        store.check()
        schema = _schema(behind=store.is_behind())
    except SchemaMismatch as error:
        remedy = "" if isinstance(error, SchemaTooNew) or "hexaccount migrate" in str(error) else _MIGRATE
        return [_answers(settings), Finding(part="schema", verdict=_TO_DO, message=str(error), remedy=remedy)]
    file = kind_of(settings).file_of(settings.store)
    findings = (file and check_store_file(file)) or [_answers(settings)]
    subscribers = _subscribers(settings, store)
    return [
        *findings,
        schema,
        *_stored_keys(settings, store),
        _deliveries(subscribers),
        *_enrolments(subscribers),
    ]


_MIGRATE = "Run: hexaccount migrate"


def _answers(settings: Settings) -> Finding:
    return Finding(part="store", verdict=_WELL, message=f"{settings.store_kind}: it answers")


def _schema(*, behind: bool) -> Finding:
    if behind:
        message = "this version serves with it, and knows a newer one"
        return Finding(
            part="schema", verdict=_TO_DO, message=message, remedy=f"{_MIGRATE}. What serves goes on meanwhile."
        )
    return Finding(part="schema", verdict=_WELL, message="it is the one of this version, or a newer one that fits")


def _stored_keys(settings: Settings, store: Store) -> list[Finding]:
    """Return which of the stored keys cannot be opened; nothing where there are none, or no key to open them with."""
    stored = store.signing_keys.all()
    if not stored:
        return []
    from hexaccount_security import SealingSmith  # noqa: PLC0415 - it is seldom needed, and imports much

    try:
        key_factory = SealingSmith(seed_of(settings))
    except SettingsError:
        return []  # which the finding on the key tells
    lost = [key.kid for key in stored if not key_factory.can_open(key)]
    if lost:
        message = f"{', '.join(lost)} cannot be opened: jwt.key is another one than they were sealed under"
        remedy = "Set that again, or remove them (`hexaccount keys remove`) and add others; everybody logs in again."
        return [Finding(part="stored keys", verdict=_TO_DO, message=message, remedy=remedy)]
    return [Finding(part="stored keys", verdict=_WELL, message=f"{len(stored)}, and all can be opened")]


def _deliveries(subscribers: Sequence[SubscriberView]) -> Finding:
    given_up = [each for each in subscribers if each.state is not SubscriptionState.LEFT and each.backlog.dead_letters]
    if not given_up:
        return Finding(part="deliveries", verdict=_WELL, message="none was given up")
    number = sum(each.backlog.dead_letters for each in given_up)
    more = " or more" if any(each.backlog.dead_letters == MOST_COUNTED for each in given_up) else ""
    message = f"given up: {number}{more}, to {' and '.join(each.name for each in given_up)}"
    remedy = "See `hexaccount outbox list`, mend the cause, then `hexaccount outbox retry`."
    return Finding(part="deliveries", verdict=_TO_DO, message=message, remedy=remedy)


def _subscribers(settings: Settings, store: Store) -> Sequence[SubscriberView]:
    clock = SystemClock()
    known = names_of(all_subscribers(settings, store, clock, open_publishers(settings, clock), NoSessionCache()))
    return list_subscribers(ListSubscribers(), subscriptions=store.subscriptions, outbox=store.outbox, known=known)


def _enrolments(subscribers: Sequence[SubscriberView]) -> list[Finding]:
    """Return for whom events are kept in vain, and for whom they should be and are not; nothing where all is well."""
    findings, before = [], SystemClock().now() - _SOON
    if left := [
        each.name for each in subscribers if each.state is SubscriptionState.LEFT and _waits(each.backlog, before)
    ]:
        message = f"events wait for {' and '.join(left)}, which these settings do not name"
        remedy = (
            "Start the relay whose settings name it; or, once no process of this service does, let go of what is kept: "
            "hexaccount outbox forget SUBSCRIBER"
        )
        findings.append(Finding(part="subscribers", verdict=_TO_DO, message=message, remedy=remedy))
    if missing := [each.name for each in subscribers if each.state is SubscriptionState.NOT_ENROLLED]:
        message = f"no events are kept for {' and '.join(missing)}, though the service or these settings know it"
        remedy = (
            "Start the service with these settings, or run `hexaccount migrate`; "
            "`hexaccount events replay SUBSCRIBER --since TIME` brings what it has missed."
        )
        findings.append(Finding(part="enrolment", verdict=_TO_DO, message=message, remedy=remedy))
    return findings


def _waits(backlog: Backlog, before: datetime) -> bool:
    """Tell whether there is something that nobody seems to deliver."""
    return bool(backlog.dead_letters) or (backlog.oldest is not None and moment_of(backlog.oldest) < before)
