"""Record types of the kit's own: whatever a capability may declare, in three types that refer to each other."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hexaccount.kernel.records import Expiry, LookUp, RecordSchema, RecordType, Reference, Unique


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A record with a text as its key."""

    code: str
    title: str
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A record with a field of every type, of a library."""

    id: UUID
    library: str
    title: str
    subtitle: str | None = None
    pages: int = 1
    edition: int | None = None
    lent: bool = False
    damaged: bool | None = None
    bought_at: datetime
    lent_until: datetime | None = None
    discarded_at: datetime | None = None
    authors: tuple[str, ...] = ()
    languages: tuple[str, ...] | None = None
    series: UUID | None = None
    isbn: str
    signature: str | None = None
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A record of a book."""

    id: UUID
    book: UUID
    reader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A record with a number as its key."""

    number: int
    title: str = ""


class IsbnTaken(Exception):
    """Another book has the ISBN."""


class SignatureTaken(Exception):
    """Another book has the signature."""


class LibraryExists(Exception):
    """Another library has the code."""


OF_LIBRARY = LookUp(equal=("library",), indexed=("library", "id"))
NEWEST_OF_LIBRARY = LookUp(equal=("library",), descending=True, indexed=("library", "id"))
IN_STOCK = LookUp(equal=("library", "lent", "subtitle"), above="pages", indexed=("library", "id"))
LENT_BEYOND = LookUp(equal=("library",), above="lent_until", indexed=("library", "id"))
LATER_EDITIONS = LookUp(equal=("library",), above="edition", descending=True, indexed=("library", "id"))
BY_ID = LookUp()

LIBRARIES = RecordType.of(Library, "kit_libraries", kind="library", taken=lambda _: LibraryExists(), look_ups=(BY_ID,))
BOOKS = RecordType.of(
    Book,
    "kit_books",
    kind="book",
    unique=(Unique("isbn", lambda _: IsbnTaken()), Unique("signature", lambda _: SignatureTaken())),
    look_ups=(OF_LIBRARY, NEWEST_OF_LIBRARY, IN_STOCK, LENT_BEYOND, LATER_EDITIONS, BY_ID),
    reference=Reference("library", LIBRARIES),
)
LOANS = RecordType.of(Loan, "kit_loans", kind="loan", reference=Reference("book", BOOKS), look_ups=(BY_ID,))

SHELVES = RecordType.of(Shelf, "kit_shelves", kind="shelf", look_ups=(BY_ID,))

LOANS_OF_DISCARDED = Expiry(
    kind="loans_of_discarded_books", record_type=LOANS, ends=("discarded_at", "lent_until"), of_reference=True
)
DISCARDED = Expiry(
    kind="discarded_books", record_type=BOOKS, ends=("discarded_at", "lent_until"), unless_referred_by=LOANS
)
PINS = Expiry(kind="pins", record_type=BOOKS, ends=("bought_at",), erases="pin")
CLOSED = Expiry(kind="closed_libraries", record_type=LIBRARIES, ends=("closed_at",))

KIT_RECORDS = RecordSchema((LIBRARIES, BOOKS, LOANS, SHELVES), (LOANS_OF_DISCARDED, DISCARDED, PINS, CLOSED))
