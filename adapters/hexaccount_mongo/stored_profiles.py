from collections.abc import Sequence
from dataclasses import dataclass

from pymongo import UpdateOne

from hexaccount.application.ports.stored_profiles import StoredProfiles
from hexaccount.domain.profile import Profile
from hexaccount_mongo.connections import Documents, store_errors
from hexaccount_mongo.documents import document_of


@dataclass(frozen=True, slots=True)
class MongoStoredProfiles(StoredProfiles):
    """The states of profiles in the collection `profiles`."""

    database: Documents

    def restore(self, profiles: Sequence[Profile]) -> None:
        if not profiles:
            return
        writes: list[UpdateOne] = []
        for profile in profiles:
            state = document_of(profile)
            of_it = {"_id": state.pop("_id")}
            older = {**of_it, "version": {"$lt": profile.version}}
            writes += [UpdateOne(of_it, {"$setOnInsert": state}, upsert=True), UpdateOne(older, {"$set": state})]
        with store_errors():
            self.database["profiles"].bulk_write(writes)
