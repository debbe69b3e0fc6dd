from collections.abc import Iterable

from hexaccount.conformance.suites.account_races import AccountRacesContract
from hexaccount.conformance.suites.admin_races import AdminRacesContract
from hexaccount.conformance.suites.backlog import BacklogContract
from hexaccount.conformance.suites.bus_load import BusLoadContract
from hexaccount.conformance.suites.claims import ClaimsContract
from hexaccount.conformance.suites.clocks_apart import ClocksApartContract
from hexaccount.conformance.suites.commit_hooks import CommitHooksContract
from hexaccount.conformance.suites.commit_signals import CommitSignalContract
from hexaccount.conformance.suites.commit_watching import WatchContract
from hexaccount.conformance.suites.competing_consumers import CompetingConsumersContract
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.dead_letters import DeadLettersContract
from hexaccount.conformance.suites.delivery_outcomes import DeliveryOutcomesContract
from hexaccount.conformance.suites.enqueueing import EnqueueingContract
from hexaccount.conformance.suites.event_removal import EventRemovalContract
from hexaccount.conformance.suites.expected_versions import ExpectedVersionsContract
from hexaccount.conformance.suites.fair_claims import FairClaimsContract
from hexaccount.conformance.suites.history import HistoryContract
from hexaccount.conformance.suites.holds import HoldsContract
from hexaccount.conformance.suites.idempotency_records import IdempotencyRecordsContract
from hexaccount.conformance.suites.inbox import InboxContract
from hexaccount.conformance.suites.journal import JournalContract
from hexaccount.conformance.suites.journal_tail import JournalTailContract
from hexaccount.conformance.suites.login_races import LoginRacesContract
from hexaccount.conformance.suites.page_limits import PageLimitsContract
from hexaccount.conformance.suites.paging import PagingContract
from hexaccount.conformance.suites.password_hashes import PasswordHashContract
from hexaccount.conformance.suites.profile_races import ProfileRacesContract
from hexaccount.conformance.suites.rate_limits import RateLimitStoreContract
from hexaccount.conformance.suites.record_retention import RecordRetentionContract
from hexaccount.conformance.suites.record_rules import RecordRulesContract
from hexaccount.conformance.suites.records import RecordsContract
from hexaccount.conformance.suites.recovery_races import RecoveryRacesContract
from hexaccount.conformance.suites.refresh_races import RefreshRacesContract
from hexaccount.conformance.suites.refresh_tokens import RefreshTokenContract
from hexaccount.conformance.suites.registration_races import RegistrationRacesContract
from hexaccount.conformance.suites.repositories import RepositoriesContract
from hexaccount.conformance.suites.retention import RetentionStoreContract
from hexaccount.conformance.suites.right_logins import RightLoginsContract
from hexaccount.conformance.suites.rollback import RollbackContract
from hexaccount.conformance.suites.session_limits import SessionLimitsContract
from hexaccount.conformance.suites.signing_keys import SigningKeysContract
from hexaccount.conformance.suites.stale_versions import StaleVersionContract
from hexaccount.conformance.suites.store_port import StorePortContract
from hexaccount.conformance.suites.stored_profiles import StoredProfilesContract
from hexaccount.conformance.suites.subscriptions import SubscriptionsContract
from hexaccount.conformance.suites.text_fidelity import TextFidelityContract
from hexaccount.conformance.suites.unfolded_state import UnfoldedStateContract
from hexaccount.conformance.suites.uniqueness import UniquenessContract

EVERY_STORE: tuple[type[ContractSuite], ...] = (
    StorePortContract,
    UniquenessContract,
    RollbackContract,
    StaleVersionContract,
    JournalContract,
    TextFidelityContract,
    RepositoriesContract,
    PagingContract,
    PageLimitsContract,
    PasswordHashContract,
    UnfoldedStateContract,
    InboxContract,
    ClaimsContract,
    FairClaimsContract,
    HoldsContract,
    DeliveryOutcomesContract,
    DeadLettersContract,
    BacklogContract,
    SubscriptionsContract,
    CompetingConsumersContract,
    EnqueueingContract,
    JournalTailContract,
    HistoryContract,
    StoredProfilesContract,
    CommitSignalContract,
    CommitHooksContract,
    WatchContract,
    RefreshTokenContract,
    LoginRacesContract,
    RecoveryRacesContract,
    RightLoginsContract,
    SessionLimitsContract,
    RefreshRacesContract,
    RegistrationRacesContract,
    AccountRacesContract,
    AdminRacesContract,
    ProfileRacesContract,
    IdempotencyRecordsContract,
    ExpectedVersionsContract,
    RetentionStoreContract,
    EventRemovalContract,
    RateLimitStoreContract,
    ClocksApartContract,
    BusLoadContract,
    SigningKeysContract,
    RecordsContract,
    RecordRulesContract,
    RecordRetentionContract,
)


class StoreContract:
    """Runs the suites of every store, and those of `also`.

    A subclass defines the fixture `under_test`; each suite becomes a nested test class.
    """

    def __init_subclass__(cls, *, also: Iterable[type[ContractSuite]] = ()) -> None:
        super().__init_subclass__()
        for suite in (*EVERY_STORE, *also):
            name = f"Test{suite.__name__.removesuffix('Contract')}"
            setattr(cls, name, type(name, (suite,), {"__module__": cls.__module__, "__doc__": suite.__doc__}))
