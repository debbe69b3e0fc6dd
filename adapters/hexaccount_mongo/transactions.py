"""Transactions over several documents, and the only two repetitions that are safe.

A transaction that the server calls transient was aborted, so it may be done again as a whole: nothing of it is there.
A commit of which nobody knows whether it arrived may be sent again, as the server knows the transaction by its number.
Nothing else is repeated.
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
# Whoever loses a race for a document is aborted at once, so that of many some lose again and again.
_TRIES = 60
_LONGEST_PAUSE = 0.05
_COMMITS = 5


class TryAgain(Exception):
    """What was tried has not happened, for somebody else's sake, and may be done again as a whole."""


def persistently(attempt: Callable[[], T]) -> T:
    """Return what `attempt` returns once it does not raise TryAgain; raises StoreUnavailable after too many times.

    Between them are pauses of chance length that grow.
    """
    pause = 0.001
    for _ in range(_TRIES):
        try:
            return attempt()
        except TryAgain:
            time.sleep(random.uniform(0, pause))  # noqa: S311 - it only parts those who race
            pause = min(2 * pause, _LONGEST_PAUSE)
    raise StoreUnavailable


def try_once(session: ClientSession, work: Callable[[ClientSession], T], concern: WriteConcern = MAJORITY) -> T:
    """Do `work` in a transaction and commit it, or abort it where it raises; raises TryAgain.

    It reads `local`: what it reads is no older than what it compares itself with, and what others have not yet
    replicated is with the majority before this commit is acknowledged, as it comes after it.
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
    for left in reversed(range(_COMMITS)):
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
