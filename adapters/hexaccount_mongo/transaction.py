from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from pymongo import DeleteOne, InsertOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.records import LookUp, RecordType
from hexaccount.store_kit.transaction import Batch, BrokenRule, Changes, RowChange, StoredRow, Transaction
from hexaccount_mongo.connections import Document, Documents
from hexaccount_mongo.documents import document_of, name_in, row_of
from hexaccount_mongo.errors import is_duplicate
from hexaccount_mongo.journal import append, entry_from
from hexaccount_mongo.transactions import persistently, try_once
from hexaccount_mongo.unique_values import UNIQUE_VALUES, find_records, reservations


class MongoTransaction(Transaction):
    """Majority reads from the primary, causally consistent, and all writes in one transaction at the end."""

    def __init__(self, database: Documents) -> None:
        self._database = database
        self._session: ClientSession | None = None

    def rows(self, record_type: RecordType[Any], field: str, values: Collection[object]) -> Sequence[StoredRow]:
        if field != record_type.key.name:
            return self._rows_with(record_type, field, values)
        wanted: Any = {"$in": list(values)}
        if len(values) == 1:
            (wanted,) = values  # which the server finds with less effort
        return [row_of(record_type, document) for document in self._find(record_type.name, {"_id": wanted})]

    def with_references(self, record_type: RecordType[Any], key: object) -> Sequence[StoredRow] | None:
        """Read outside of the causally consistent session, which excludes the read concern `snapshot`.

        A snapshot contains all that a majority has.
        """
        types: list[RecordType[Any]] = [record_type]
        steps: list[Mapping[str, Any]] = []
        place = ""
        while (reference := types[-1].reference) is not None:
            joined = f"_{len(types)}"
            equal = {"localField": place + reference.field, "foreignField": "_id"}
            steps += [{"$lookup": {"from": reference.to.name, **equal, "as": joined}}, {"$unwind": f"${joined}"}]
            types.append(reference.to)
            place = f"{joined}."
        with self._database.reached():
            found = self._database.at_one_moment(record_type.name).aggregate([{"$match": {"_id": key}}, *steps])
            for document in found:
                referenced = [document[f"_{number}"] for number in range(1, len(types))]
                return [row_of(kind, each) for kind, each in zip(types, [document, *referenced], strict=True)]
        return None

    def page(
        self,
        record_type: RecordType[Any],
        look_up: LookUp,
        values: Mapping[str, object],
        *,
        limit: int | None,
        after: object,
    ) -> Sequence[StoredRow]:
        condition: Document = {name_in(record_type, field): values[field] for field in look_up.equal}
        if look_up.above is not None:
            condition[name_in(record_type, look_up.above)] = {"$gt": values[look_up.above]}
        if after is not None:
            condition["_id"] = {"$lt" if look_up.descending else "$gt": after}
        # Without the hint the server may choose the index of another field.
        hint = f"{record_type.name}_{look_up.indexed[0]}" if look_up.indexed else "_id_"
        order = ("_id", -1 if look_up.descending else 1)
        found = self._find(record_type.name, condition, sort=[order], limit=limit or 0, hint=hint)
        return [row_of(record_type, document) for document in found]

    def journal(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        of_it = {"aggregate": aggregate, "aggregate_id": aggregate_id}
        return [entry_from(document) for document in self._find("journal", of_it, sort=[("sequence", 1)])]

    def is_handled(self, subscriber: str, event_id: UUID) -> bool:
        return bool(self._find("inbox", {"subscriber": subscriber, "event_id": event_id}))

    def write(self, batch: Batch) -> bool:
        with self._database.reached():
            try:
                return persistently(lambda: try_once(self._begun, lambda session: self._write(batch, session)))
            except BulkWriteError as error:
                if not is_duplicate(error):
                    raise
        raise BrokenRule  # not from the driver's error, which contains the documents

    def end(self) -> None:
        if self._session is not None:
            self._session.end_session()
            self._session = None

    @property
    def _begun(self) -> ClientSession:
        """Return the session, started at first use."""
        if self._session is None:
            self._session = self._database.start_session(causal_consistency=True)
        return self._session

    def _rows_with(self, record_type: RecordType[Any], field: str, values: Collection[object]) -> list[StoredRow]:
        """Return the rows with one of these values of a unique field."""
        with self._database.reached():
            steps = find_records(record_type, field, values)
            found = list(self._database[UNIQUE_VALUES].aggregate(steps, session=self._begun))
        rows = (row_of(record_type, document) for document in found)
        return [row for row in rows if row.values[record_type.position(field)] in values]

    def _find(self, collection: str, condition: Document, **options: Any) -> list[Document]:
        with self._database.reached():
            return list(self._database[collection].find(condition, session=self._begun, **options))

    def _write(self, batch: Batch, session: ClientSession) -> bool:
        written = batch.by_type(new=True, changed=True, removed=True)
        if reserved := reservations(written):
            self._database[UNIQUE_VALUES].bulk_write(reserved, session=session)
        for changes in written:
            self._write_rows(changes, session)
        if batch.handled:
            handled = [{"subscriber": name, "event_id": event_id} for name, event_id in batch.handled]
            self._database["inbox"].insert_many(handled, session=session)
        return append(self._database, session, batch.entries)

    def _write_rows(self, changes: Changes, session: ClientSession) -> None:
        """Write rows, those of one kind of request together; raises BrokenRule unless the revisions are as expected."""
        order = sorted(changes.rows, key=lambda change: (change.values is not None, change.is_new))
        collection = self._database[changes.record_type.name]
        done = collection.bulk_write([_request(change) for change in order], session=session)
        if done.deleted_count + done.matched_count + done.inserted_count != len(order):
            raise BrokenRule


def _request(change: RowChange) -> DeleteOne | UpdateOne | InsertOne[Document]:
    as_read = {"_id": change.key, "revision": change.revision}
    if change.values is None:
        return DeleteOne(as_read)
    document = document_of(change.record_type, change.values, change.next_revision)
    if change.is_new:
        return InsertOne(document)
    del document["_id"]
    return UpdateOne(as_read, {"$set": document})
