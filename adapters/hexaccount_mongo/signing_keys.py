from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from hexaccount.signing_keys.ports import KeyRefused, SigningKeys, StoredKey
from hexaccount_mongo.connections import Documents


@dataclass(frozen=True, slots=True)
class MongoSigningKeys(SigningKeys):
    """The signing keys in the collection `signing_keys`."""

    database: Documents

    def all(self) -> Sequence[StoredKey]:
        order = [("signs_from", 1), ("_id", 1)]
        with self.database.reached():
            found = list(self.database["signing_keys"].find(sort=order))
        return [StoredKey(kid=document.pop("_id"), **document) for document in found]

    def add(self, key: StoredKey) -> None:
        fields = asdict(key)
        document = {"_id": fields.pop("kid"), **fields}
        with self.database.reached():
            try:
                self.database["signing_keys"].insert_one(document)
            except DuplicateKeyError:
                raise KeyRefused("a signing key of this name already exists") from None

    def retire(self, kid: str, at: datetime) -> bool:
        with self.database.reached():
            unretired = {"_id": kid, "retired_at": None}
            return self.database["signing_keys"].update_one(unretired, {"$set": {"retired_at": at}}).matched_count == 1

    def remove(self, kid: str) -> bool:
        with self.database.reached():
            return self.database["signing_keys"].delete_one({"_id": kid}).deleted_count == 1
