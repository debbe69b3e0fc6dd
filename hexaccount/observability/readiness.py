"""Whether a process can serve, without a word about where its parts are."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.unit_of_work import StoreRefused, StoreUnavailable
from hexaccount.signing_keys.ports import SignerUnreadable
from hexaccount.store_kit.store import SchemaMismatch, SchemaMissing, SchemaTooNew, SchemaTooOld

_log = logging.getLogger("hexaccount.readiness")


class FailedCheck(Enum):
    """A reason for which nothing can be served: a code that never changes, and its meaning."""

    DRAINING = "draining", "the service is shutting down; another instance answers"
    STORE_UNREACHABLE = "store_unreachable", "the store cannot be reached, or does not answer in time"
    STORE_REFUSES = "store_refuses", "the store is reachable, but does not let this process read and write"
    SCHEMA_MISSING = "schema_missing", "the store has no schema yet; it has to be migrated"
    SCHEMA_TOO_OLD = "schema_too_old", "the store's schema is older than this version needs; it has to be migrated"
    SCHEMA_TOO_NEW = (
        "schema_too_new",
        "the store's schema is newer than this version supports; a later one has to serve",
    )
    SCHEMA_MISMATCH = "schema_mismatch", "the store's schema is not one that this version can serve with"
    KEY_UNREADABLE = "key_unreadable", "the signing key cannot be opened with the jwt.key of this process"

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ReadinessReport:
    """The failed check, if any, and the names of parts that the process works without."""

    failed: FailedCheck | None = None
    degraded: Sequence[str] = ()


_SCHEMA: Mapping[type[SchemaMismatch], FailedCheck] = {
    SchemaMissing: FailedCheck.SCHEMA_MISSING,
    SchemaTooOld: FailedCheck.SCHEMA_TOO_OLD,
    SchemaTooNew: FailedCheck.SCHEMA_TOO_NEW,
}


class Readiness:
    """Checks whether the process can serve, and logs each change with its reason, which clients do not see."""

    def __init__(
        self,
        *,
        clock: Clock,
        draining: Callable[[], bool],
        check_store: Callable[[], None],
        check_signer: Callable[[datetime], None],
        degraded: Callable[[], Sequence[str]],
    ) -> None:
        """Take the checks.

        draining: whether the process is shutting down.
        check_store: raises StoreUnavailable and SchemaMismatch.
        check_signer: raises SignerUnreadable and StoreUnavailable, for the key that signs at a moment.
        degraded: the names of parts that the process works without at this moment.
        """
        self._clock = clock
        self._draining = draining
        self._check_store = check_store
        self._check_signer = check_signer
        self._degraded = degraded
        self._reported: FailedCheck | None = None

    def check(self) -> ReadinessReport:
        """Return the state of this moment, within seconds."""
        failed, reason = (FailedCheck.DRAINING, "shutting down") if self._draining() else self._first_failure()
        if failed is not self._reported:
            self._reported = failed
            if failed is None:
                _log.warning("ready again")
            else:
                _log.warning("not ready, %s: %s", failed.code, reason)
        return ReadinessReport(failed, tuple(self._degraded()) if failed is None else ())

    def _first_failure(self) -> tuple[FailedCheck | None, str]:
        try:
            self._check_store()
            self._check_signer(self._clock.now())
        except StoreRefused as error:
            return FailedCheck.STORE_REFUSES, str(error)
        except StoreUnavailable as error:
            return FailedCheck.STORE_UNREACHABLE, str(error)
        except SchemaMismatch as error:
            return _SCHEMA.get(type(error), FailedCheck.SCHEMA_MISMATCH), str(error)
        except SignerUnreadable as error:
            return FailedCheck.KEY_UNREADABLE, str(error)
        return None, ""
