"""The one-time tokens in the store."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.kernel.records import Expiry, LookUp, RecordType
from hexaccount.kernel.unit_of_work import UnitOfWork
from hexaccount.mail.errors import InvalidOneTimeToken
from hexaccount.mail.one_time_token import OneTimeToken, token_id_in
from hexaccount.mail.purposes import Purpose

_NEWEST = LookUp(
    equal=("user_id", "purpose", "voided"), descending=True, indexed=("user_id", "purpose", "voided", "id")
)
ONE_TIME_TOKENS = RecordType.of(
    OneTimeToken, "one_time_tokens", kind=OneTimeToken.kind, leave_out=["pending"], look_ups=(_NEWEST,)
)
EXPIRIES = (Expiry(kind="one_time_tokens", record_type=ONE_TIME_TOKENS, ends=("expires_at",)),)


class OneTimeTokens:
    """The repository of one-time tokens."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._users = Users(uow)
        self._records = uow.records(ONE_TIME_TOKENS)

    def add(self, token: OneTimeToken) -> None:
        self._records.add(token)

    def get_user(self, text: str, purpose: Purpose, now: datetime) -> User:
        """Return the account of a valid token of this purpose; raises InvalidOneTimeToken."""
        token_id = token_id_in(text)
        token = None if token_id is None else self._records.get(token_id)
        if token is None or token.purpose != purpose.name:
            raise InvalidOneTimeToken
        user = self._users.find(token.user_id)
        if user is None or not token.is_valid(text, user, now):
            raise InvalidOneTimeToken
        return user

    def keep_newest(self, user_id: UUID, purpose: Purpose, number: int) -> Sequence[OneTimeToken]:
        """Return so many of the newest tokens of an account and purpose; at commit, void its other ones."""
        tokens = self._records.page(_NEWEST, limit=None, user_id=user_id, purpose=purpose.name, voided=False)
        for token in tokens[number:]:
            token.void()
        return tokens[:number]
