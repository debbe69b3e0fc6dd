def hash_lanes(work: int, lanes: tuple[tuple[int, bytes, bytes], ...], /) -> list[bytes]:
    """Return the digest of each (cost, salt, password), 23 bytes, after 2**work rounds for each.

    There are one to four lanes, of costs from 4 to `work`, which is 31 at most, salts of 16 bytes, and passwords of up
    to 72 bytes. Raises TypeError, ValueError and OverflowError.
    """
