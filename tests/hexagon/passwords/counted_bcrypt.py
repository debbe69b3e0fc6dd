import bcrypt
import pytest

from hexaccount_security import _interleaved_bcrypt, choose_engine


class CountedBcrypt:
    """Patches bcrypt to record the cost of each hash that it computes; the work of it, where that is more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.costs: list[int] = []
        assert choose_engine().name == "interleaved"
        hash_lanes, hashpw, checkpw, kdf = _interleaved_bcrypt.hash_lanes, bcrypt.hashpw, bcrypt.checkpw, bcrypt.kdf

        def counted_hash_lanes(work: int, lanes: tuple[tuple[int, bytes, bytes], ...]) -> list[bytes]:
            self.costs.extend([work] * len(lanes))
            return hash_lanes(work, lanes)

        def counted_hashpw(password: bytes, salt: bytes) -> bytes:
            self.costs.append(int(salt[4:6]))
            return hashpw(password, salt)

        def counted_checkpw(password: bytes, hashed: bytes) -> bool:
            self.costs.append(int(hashed[4:6]))
            return checkpw(password, hashed)

        def counted_kdf(*args: object, **kwargs: object) -> bytes:
            self.costs.append(-1)  # differs from every cost
            return kdf(*args, **kwargs)

        monkeypatch.setattr(_interleaved_bcrypt, "hash_lanes", counted_hash_lanes)
        monkeypatch.setattr(bcrypt, "hashpw", counted_hashpw)
        monkeypatch.setattr(bcrypt, "checkpw", counted_checkpw)
        monkeypatch.setattr(bcrypt, "kdf", counted_kdf)
