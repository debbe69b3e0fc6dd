"""Transactions over several documents, and the only two retries that are safe.

A transaction with the label TransientTransactionError was aborted and may be repeated as a whole. A commit with an
unknown result may be sent again, as the server recognises the transaction by its number. Nothing else is repeated.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from hexaccount.kernel.unit_of_work import StoreUnavailable

T = TypeVar("T")

MAJORITY = WriteConcern(w="majority", j=True)
# The loser of a race for a document is aborted at once, so one of many writers may lose often.
_ATTEMPTS = 60
_MAX_PAUSE = 0.05
_COMMIT_ATTEMPTS = 5


class TryAgain(Exception):
    """The attempt had no effect because of a concurrent one, and may be repeated as a whole."""


def persistently(attempt: Callable[[], T]) -> T:
    """Repeat `attempt`, with random growing pauses, while it raises TryAgain; raises StoreUnavailable in the end."""
    pause = 0.001
    for _ in range(_ATTEMPTS):
        try:
            return attempt()
        except TryAgain:
            time.sleep(random.uniform(0, pause))  # noqa: S311 - jitter
            pause = min(2 * pause, _MAX_PAUSE)
    raise StoreUnavailable


def try_once(session: ClientSession, work: Callable[[ClientSession], T], concern: WriteConcern = MAJORITY) -> T:
    """Run `work` in a transaction and commit it, or abort it if it raises; raises TryAgain.

    The read concern is `local`: what the transaction reads has reached a majority by the time its own commit is
    acknowledged, as the oplog orders it before.
    """
    session.start_transaction(read_concern=ReadConcern("local"), write_concern=concern)
    try:
        result = work(session)
    except PyMongoError as error:
        session.abort_transaction()
        if _is_transient(error):
            raise TryAgain from error
        raise
    except BaseException:
        session.abort_transaction()
        raise
    _commit(session)
    return result


def _commit(session: ClientSession) -> None:
    for left in reversed(range(_COMMIT_ATTEMPTS)):
        try:
            session.commit_transaction()
        except PyMongoError as error:
            if left and error.has_error_label("UnknownTransactionCommitResult"):
                continue
            if _is_transient(error):
                raise TryAgain from error
            raise
        return


def _is_transient(error: PyMongoError) -> bool:
    return error.has_error_label("TransientTransactionError")
