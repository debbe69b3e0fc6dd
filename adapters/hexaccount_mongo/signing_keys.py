from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from hexaccount.application.ports.signing_keys import KeyRefused, SigningKeys, StoredKey
from hexaccount_mongo.connections import Documents, store_errors


@dataclass(frozen=True, slots=True)
class MongoSigningKeys(SigningKeys):
    """The signing keys in the collection `signing_keys`."""

    database: Documents

    def all(self) -> Sequence[StoredKey]:
        order = [("signs_from", 1), ("_id", 1)]
        with store_errors():
            found = list(self.database["signing_keys"].find(sort=order))
        return [StoredKey(kid=document.pop("_id"), **document) for document in found]

    def add(self, key: StoredKey) -> None:
        fields = asdict(key)
        document = {"_id": fields.pop("kid"), **fields}
        with store_errors():
            try:
                self.database["signing_keys"].insert_one(document)
            except DuplicateKeyError:
                raise KeyRefused("there is a signing key of this name already") from None

    def retire(self, kid: str, at: datetime) -> bool:
        with store_errors():
            unretired = {"_id": kid, "retired_at": None}
            return self.database["signing_keys"].update_one(unretired, {"$set": {"retired_at": at}}).matched_count == 1

    def remove(self, kid: str) -> bool:
        with store_errors():
            return self.database["signing_keys"].delete_one({"_id": kid}).deleted_count == 1
