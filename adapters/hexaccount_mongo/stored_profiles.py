from collections.abc import Sequence
from dataclasses import dataclass

from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from hexaccount.accounts.ports import StoredProfiles
from hexaccount.accounts.profile import Profile
from hexaccount_mongo.connections import Documents
from hexaccount_mongo.documents import document_of

_DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True)
class MongoStoredProfiles(StoredProfiles):
    """The states of profiles in the collection `profiles`."""

    database: Documents

    def restore(self, profiles: Sequence[Profile]) -> None:
        if not profiles:
            return
        states = [document_of(profile) for profile in profiles]
        with self.database.reached():
            try:
                self.database["profiles"].insert_many(states, ordered=False)
            except BulkWriteError as error:
                if any(refused["code"] != _DUPLICATE_KEY for refused in error.details["writeErrors"]):
                    raise
            older = [{"_id": state["_id"], "version": {"$lt": state["version"]}} for state in states]
            replacing = [ReplaceOne(condition, state) for condition, state in zip(older, states, strict=True)]
            self.database["profiles"].bulk_write(replacing)
