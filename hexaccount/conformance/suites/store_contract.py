from collections.abc import Iterable

from hexaccount.conformance.suites.account_races import AccountRacesContract
from hexaccount.conformance.suites.allowances import RateLimitStoreContract
from hexaccount.conformance.suites.backlog import BacklogContract
from hexaccount.conformance.suites.bus_load import BusLoadContract
from hexaccount.conformance.suites.claims import ClaimsContract
from hexaccount.conformance.suites.clearing import RetentionStoreContract
from hexaccount.conformance.suites.commit_signals import CommitSignalContract
from hexaccount.conformance.suites.delivery_ends import DeliveryEndsContract
from hexaccount.conformance.suites.draining import DrainingContract
from hexaccount.conformance.suites.enrolment import EnrolmentContract
from hexaccount.conformance.suites.expected_versions import ExpectedVersionsContract
from hexaccount.conformance.suites.following import FollowingContract
from hexaccount.conformance.suites.history import HistoryContract
from hexaccount.conformance.suites.inbox import InboxContract
from hexaccount.conformance.suites.journal import JournalContract
from hexaccount.conformance.suites.keyed_requests import KeyedRequestsContract
from hexaccount.conformance.suites.login_races import LoginRacesContract
from hexaccount.conformance.suites.owing_again import OwingAgainContract
from hexaccount.conformance.suites.paging import PagingContract
from hexaccount.conformance.suites.password_hashes import PasswordHashContract
from hexaccount.conformance.suites.profile_races import ProfileRacesContract
from hexaccount.conformance.suites.refresh_races import RefreshRacesContract
from hexaccount.conformance.suites.refresh_tokens import RefreshTokenContract
from hexaccount.conformance.suites.registration_races import RegistrationRacesContract
from hexaccount.conformance.suites.repositories import RepositoriesContract
from hexaccount.conformance.suites.rollback import RollbackContract
from hexaccount.conformance.suites.set_aside import SetAsideContract
from hexaccount.conformance.suites.signing_keys import SigningKeysContract
from hexaccount.conformance.suites.stale_versions import StaleVersionContract
from hexaccount.conformance.suites.stored_profiles import StoredProfilesContract
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.conformance.suites.subscriptions import SubscriptionsContract
from hexaccount.conformance.suites.text_fidelity import TextFidelityContract
from hexaccount.conformance.suites.uniqueness import UniquenessContract

EVERY_STORE: tuple[type[ContractSuite], ...] = (
    UniquenessContract,
    RollbackContract,
    StaleVersionContract,
    JournalContract,
    TextFidelityContract,
    RepositoriesContract,
    PagingContract,
    PasswordHashContract,
    InboxContract,
    EnrolmentContract,
    ClaimsContract,
    DeliveryEndsContract,
    SetAsideContract,
    BacklogContract,
    SubscriptionsContract,
    DrainingContract,
    OwingAgainContract,
    FollowingContract,
    HistoryContract,
    StoredProfilesContract,
    CommitSignalContract,
    RefreshTokenContract,
    LoginRacesContract,
    RefreshRacesContract,
    RegistrationRacesContract,
    AccountRacesContract,
    ProfileRacesContract,
    KeyedRequestsContract,
    ExpectedVersionsContract,
    RetentionStoreContract,
    RateLimitStoreContract,
    BusLoadContract,
    SigningKeysContract,
)


class StoreContract:
    """All suites that every store passes, and those that a subclass names besides.

    A subclass gives the fixture `under_test`; each suite becomes a class inside it.
    """

    def __init_subclass__(cls, *, also: Iterable[type[ContractSuite]] = ()) -> None:
        super().__init_subclass__()
        for suite in (*EVERY_STORE, *also):
            name = f"Test{suite.__name__.removesuffix('Contract')}"
            setattr(cls, name, type(name, (suite,), {"__module__": cls.__module__, "__doc__": suite.__doc__}))
