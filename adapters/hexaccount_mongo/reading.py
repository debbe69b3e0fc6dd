from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.client_session import ClientSession

from hexaccount_mongo.connections import Document, Documents


class Reading:
    """The reads of one unit of work: majority reads from the primary, causally consistent."""

    def __init__(self, database: Documents) -> None:
        self._database = database
        self._session: ClientSession | None = None

    @property
    def session(self) -> ClientSession:
        """Return the session of the unit of work, started at first use."""
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
        """Return documents with joined ones, all read from one snapshot.

        It runs outside of the causally consistent session, which excludes the read concern `snapshot`. A snapshot
        contains all that a majority has.
        """
        with self._database.reached():
            found = self._database.at_one_moment(collection).aggregate([{"$match": condition}, *steps])
            return list(found)

    def end(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.end_session()
            self._session = None
