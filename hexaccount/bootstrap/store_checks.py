"""The doctor's checks of the store: connection, schema, stored keys, dead letters and subscriptions."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hexaccount.bootstrap.capabilities import all_capabilities, record_schema
from hexaccount.bootstrap.key_file import root_key_of
from hexaccount.bootstrap.local_checks import check_store_file
from hexaccount.bootstrap.personal_data import account_cipher, has_readable_keys, key_store_of, open_key_store
from hexaccount.bootstrap.preparation import check_store_exists
from hexaccount.bootstrap.publishers import open_publishers
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.stores import kind_of, open_store
from hexaccount.bootstrap.subscribers import known_subscribers
from hexaccount.erasure.list_erasures import ListErasures, list_erasures
from hexaccount.erasure.repeat_erasures import stored_accounts
from hexaccount.events.list_subscribers import (
    MOST_COUNTED,
    ListSubscribers,
    SubscriberView,
    SubscriptionState,
    list_subscribers,
)
from hexaccount.events.ports import Backlog
from hexaccount.kernel.identifiers import moment_of
from hexaccount.kernel.unit_of_work import StoreRefused, StoreUnavailable
from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount.personal_data.key_store import KeyStore
from hexaccount.personal_data.ports import LostRootKey
from hexaccount.signing_keys.signing_keys import SigningKeys
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import SchemaMismatch, SchemaTooNew, Store
from hexaccount_system import SystemClock, Uuid7Identifiers

# Deliveries of another process's relay are also pending for a moment.
_GRACE = timedelta(minutes=1)
_WELL, _TO_DO, _AWAY = Verdict.OK, Verdict.TO_DO, Verdict.UNREACHABLE


def check_store(settings: Settings) -> list[Finding]:
    """Return the findings on the store, and on its content if it can be reached."""
    kind = settings.store_kind
    if not kind_of(settings).persistent:
        message = f"{kind}: its data ends with the server process"
        return [Finding(part="store", verdict=_WELL, message=message)]
    try:
        check_store_exists(settings)
        store = open_store(settings, EventRecorder(Uuid7Identifiers(), settings.event_source), record_schema())
    except SchemaMismatch as error:
        return [Finding(part="schema", verdict=_TO_DO, message=str(error), remedy=_MIGRATE)]
    except SettingsError as error:
        return [Finding(part="store", verdict=_TO_DO, message=str(error))]
    try:
        return _check_content(settings, store)
    except StoreUnavailable as error:
        verdict = _TO_DO if isinstance(error, StoreRefused) else _AWAY
        remedy = sentence(error.remedy or "start it, or correct the setting store (HEXACCOUNT_STORE)")
        remedy = f"{remedy} Until then requests are answered with 503."
        return [Finding(part="store", verdict=verdict, message=f"{kind}: {error.reason}", remedy=remedy)]
    finally:
        store.close()


def _check_content(settings: Settings, store: Store) -> list[Finding]:
    try:
        store.check()
        schema = _schema(behind=store.is_behind())
    except SchemaMismatch as error:
        remedy = "" if isinstance(error, SchemaTooNew) or "hexaccount migrate" in str(error) else _MIGRATE
        return [_answers(settings), Finding(part="schema", verdict=_TO_DO, message=str(error), remedy=remedy)]
    file = kind_of(settings).file_path(settings.store)
    findings = (file and check_store_file(file)) or [_answers(settings)]
    subscribers = _subscribers(settings, store)
    return [
        *findings,
        schema,
        *_stored_keys(settings, store),
        *_personal_data(settings, store),
        _deliveries(subscribers),
        *_subscription_findings(subscribers),
    ]


_MIGRATE = "Run: hexaccount migrate"


def _answers(settings: Settings) -> Finding:
    return Finding(part="store", verdict=_WELL, message=f"{settings.store_kind}: it answers")


def _schema(*, behind: bool) -> Finding:
    if behind:
        message = "this release serves with it, and has a newer one"
        remedy = f"{_MIGRATE}. Running servers go on meanwhile."
        return Finding(part="schema", verdict=_TO_DO, message=message, remedy=remedy)
    return Finding(part="schema", verdict=_WELL, message="it is the one of this release, or a newer one that serves it")


def _stored_keys(settings: Settings, store: Store) -> list[Finding]:
    """Check that the stored keys can be decrypted; returns nothing without stored keys, or without `jwt.key`."""
    stored = SigningKeys(store.unit_of_work).all()
    if not stored:
        return []
    from hexaccount_security import EncryptedKeyFactory

    try:
        key_factory = EncryptedKeyFactory(root_key_of(settings))
    except SettingsError:
        return []  # the finding on the key reports it
    lost = [key.kid for key in stored if not key_factory.can_open(key)]
    if lost:
        message = f"{', '.join(lost)} cannot be decrypted: jwt.key has changed since they were stored"
        remedy = "Restore jwt.key; or replace them by `hexaccount keys remove` and `add`: all users log in again."
        return [Finding(part="stored keys", verdict=_TO_DO, message=message, remedy=remedy)]
    return [Finding(part="stored keys", verdict=_WELL, message=f"{len(stored)}, and all can be decrypted")]


def _personal_data(settings: Settings, store: Store) -> list[Finding]:
    """Check the account keys and the erasures, wherever they are stored."""
    separate_keys = open_key_store(settings, record_schema(), Uuid7Identifiers())
    part = "store" if separate_keys is None else "personal_data.keys"
    try:
        if separate_keys is not None:
            separate_keys.check()
        key_store = key_store_of(separate_keys)
        return [*_account_keys(settings, store, key_store), *_erasures(store, key_store)]
    except SchemaMismatch as error:
        return [Finding(part=part, verdict=_TO_DO, message=str(error), remedy=_MIGRATE)]
    except StoreRefused as error:
        return [Finding(part=part, verdict=_TO_DO, message=error.reason, remedy=sentence(error.remedy))]
    except StoreUnavailable as error:
        remedy = sentence(f"{error.remedy or 'start it'}, or correct the setting personal_data.keys")
        return [Finding(part=part, verdict=_AWAY, message=error.reason, remedy=remedy)]
    finally:
        if separate_keys is not None:
            separate_keys.close()


def _account_keys(settings: Settings, store: Store, key_store: KeyStore) -> list[Finding]:
    """Check that the newest account key can be decrypted; returns nothing if there is none, raises LostRootKey."""
    try:
        if not has_readable_keys(store, key_store, account_cipher(settings)):
            return []
    except LostRootKey as error:
        return [Finding(part="account keys", verdict=_TO_DO, message=error.reason, remedy=sentence(error.remedy))]
    except SettingsError:
        return []  # the finding on the key reports it
    return [Finding(part="account keys", verdict=_WELL, message="the newest one can be decrypted")]


def _erasures(store: Store, key_store: KeyStore) -> list[Finding]:
    """Check that no account is there again that was erased; returns nothing if none was."""
    erased, back, after = 0, 0, None
    while page := list_erasures(ListErasures(after=after), unit_of_work=store.unit_of_work, key_store=key_store):
        after = page[-1].account_id
        erased += len(page)
        back += len(stored_accounts([each.account_id for each in page], store.unit_of_work, key_store))
    if back:
        message = f"{back} of {erased} erased accounts are there again, as a backup has brought them back"
        return [Finding(part="erasures", verdict=_TO_DO, message=message, remedy=f"{_MIGRATE}; it erases them again.")]
    return [Finding(part="erasures", verdict=_WELL, message=f"{erased}, and none is there again")] if erased else []


def sentence(remedy: str) -> str:
    """Return the remedy of an error as a sentence."""
    return f"{remedy[:1].upper()}{remedy[1:]}."


def _deliveries(subscribers: Sequence[SubscriberView]) -> Finding:
    affected = [
        each for each in subscribers if each.state is not SubscriptionState.ORPHANED and each.backlog.dead_letters
    ]
    if not affected:
        return Finding(part="deliveries", verdict=_WELL, message="no dead letters")
    number = sum(each.backlog.dead_letters for each in affected)
    more = " or more" if any(each.backlog.dead_letters == MOST_COUNTED for each in affected) else ""
    message = f"dead letters: {number}{more}, for {' and '.join(each.name for each in affected)}"
    remedy = "See `hexaccount outbox list`, remove the cause, then run `hexaccount outbox retry`."
    return Finding(part="deliveries", verdict=_TO_DO, message=message, remedy=remedy)


def _subscribers(settings: Settings, store: Store) -> Sequence[SubscriberView]:
    known = known_subscribers(settings, all_capabilities(), open_publishers(settings, SystemClock()))
    return list_subscribers(ListSubscribers(), subscriptions=store.subscriptions, outbox=store.outbox, known=known)


def _subscription_findings(subscribers: Sequence[SubscriberView]) -> list[Finding]:
    """Report events that no relay delivers, and known subscribers without a subscription."""
    findings, before = [], SystemClock().now() - _GRACE
    if left := [
        each.name
        for each in subscribers
        if each.state is SubscriptionState.ORPHANED and _is_stuck(each.backlog, before)
    ]:
        message = f"events wait for {' and '.join(left)}, which these settings do not name"
        remedy = (
            "Start the relay whose settings name it; or, if no process of this service names it, remove its events: "
            "hexaccount outbox unsubscribe SUBSCRIBER"
        )
        findings.append(Finding(part="subscribers", verdict=_TO_DO, message=message, remedy=remedy))
    if missing := [each.name for each in subscribers if each.state is SubscriptionState.NOT_SUBSCRIBED]:
        message = f"no events are stored for {' and '.join(missing)}, though the service or these settings name it"
        remedy = (
            "Start the service with these settings, or run `hexaccount migrate`; "
            "`hexaccount events replay SUBSCRIBER --since TIME` delivers what it has missed."
        )
        findings.append(Finding(part="subscriptions", verdict=_TO_DO, message=message, remedy=remedy))
    return findings


def _is_stuck(backlog: Backlog, before: datetime) -> bool:
    """Return whether events wait for longer than a running relay would leave them."""
    return bool(backlog.dead_letters) or (backlog.oldest is not None and moment_of(backlog.oldest) < before)
