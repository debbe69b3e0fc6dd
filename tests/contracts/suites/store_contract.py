from collections.abc import Iterable

from tests.contracts.suites.allowances import AllowancesContract
from tests.contracts.suites.bus_load import BusLoadContract
from tests.contracts.suites.claims import ClaimsContract
from tests.contracts.suites.clearing import ClearingContract
from tests.contracts.suites.commit_signals import CommitSignalContract
from tests.contracts.suites.delivery_ends import DeliveryEndsContract
from tests.contracts.suites.draining import DrainingContract
from tests.contracts.suites.enrolment import EnrolmentContract
from tests.contracts.suites.expected_versions import ExpectedVersionsContract
from tests.contracts.suites.inbox import InboxContract
from tests.contracts.suites.journal import JournalContract
from tests.contracts.suites.keyed_requests import KeyedRequestsContract
from tests.contracts.suites.login_races import LoginRacesContract
from tests.contracts.suites.paging import PagingContract
from tests.contracts.suites.password_hashes import PasswordHashContract
from tests.contracts.suites.refresh_races import RefreshRacesContract
from tests.contracts.suites.refresh_tokens import RefreshTokenContract
from tests.contracts.suites.repositories import RepositoriesContract
from tests.contracts.suites.rollback import RollbackContract
from tests.contracts.suites.set_aside import SetAsideContract
from tests.contracts.suites.signing_keys import SigningKeysContract
from tests.contracts.suites.stale_versions import StaleVersionContract
from tests.contracts.suites.subject import ContractSuite
from tests.contracts.suites.text_fidelity import TextFidelityContract
from tests.contracts.suites.uniqueness import UniquenessContract

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
    DrainingContract,
    CommitSignalContract,
    RefreshTokenContract,
    LoginRacesContract,
    RefreshRacesContract,
    KeyedRequestsContract,
    ExpectedVersionsContract,
    ClearingContract,
    AllowancesContract,
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
