import bcrypt
import pytest


class CountedBcrypt:
    """Patches bcrypt to record the cost of each hash that it computes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.costs: list[int] = []
        hashpw, checkpw, kdf = bcrypt.hashpw, bcrypt.checkpw, bcrypt.kdf

        def counted_hashpw(password: bytes, salt: bytes) -> bytes:
            self.costs.append(int(salt[4:6]))
            return hashpw(password, salt)

        def counted_checkpw(password: bytes, hashed: bytes) -> bool:
            self.costs.append(int(hashed[4:6]))
            return checkpw(password, hashed)

        def counted_kdf(*args: object, **kwargs: object) -> bytes:
            self.costs.append(-1)  # differs from every cost
            return kdf(*args, **kwargs)

        monkeypatch.setattr(bcrypt, "hashpw", counted_hashpw)
        monkeypatch.setattr(bcrypt, "checkpw", counted_checkpw)
        monkeypatch.setattr(bcrypt, "kdf", counted_kdf)
