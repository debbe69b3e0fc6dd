from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.client_session import ClientSession

from hexaccount_mongo.connections import Document, Documents


class Reading:
    """The reads of one unit of work: what a majority has, from the primary, each no older than the one before."""

    def __init__(self, database: Documents) -> None:
        self._database = database
        self._session: ClientSession | None = None

    @property
    def session(self) -> ClientSession:
        """Return the session of the unit of work, begun at its first use."""
        if self._session is None:
            self._session = self._database.start_session(causal_consistency=True)
        return self._session

    def one(self, collection: str, condition: Mapping[str, Any]) -> Document | None:
        """Return the only document that meets a condition."""
        with self._database.reached():
            return self._database[collection].find_one(condition, session=self.session)

    def find(
        self,
        collection: str,
        condition: Mapping[str, Any],
        *,
        sort: Mapping[str, int] | None = None,
        limit: int = 0,
        hint: str | None = None,
    ) -> list[Document]:
        """Return the documents that meet a condition, in an order, up to `limit` unless that is 0."""
        order = list(sort.items()) if sort else None
        with self._database.reached():
            return list(
                self._database[collection].find(condition, sort=order, limit=limit, hint=hint, session=self.session)
            )

    def joined(
        self, collection: str, condition: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]
    ) -> list[Document]:
        """Return documents with others joined to them, all of them read at one moment.

        The session cannot be used for it, as it asks for what is newer than a time and not as at one. None is needed:
        a look at one moment sees all that a majority has.
        """
        with self._database.reached():
            found = self._database.at_one_moment(collection).aggregate([{"$match": condition}, *steps])
            return list(found)

    def end(self) -> None:
        """Let go of the session."""
        if self._session is not None:
            self._session.end_session()
            self._session = None
