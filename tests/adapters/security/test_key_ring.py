import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.sessions.ports import AccessClaims, InvalidToken
from hexaccount.signing_keys.key_schedule import OUTLIVES
from hexaccount.signing_keys.ports import StoredKey
from hexaccount.signing_keys.signing_keys import SigningKeys
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_memory import MemoryStore
from hexaccount_security import EncryptedKeyFactory, JwtIssuer, KeyRing, key_ring, root_key
from hexaccount_system import Uuid7Identifiers
from tests.signing_key import OTHER_SIGNING_KEY, SIGNING_KEY

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIFETIME = timedelta(minutes=10)
FACTORY = EncryptedKeyFactory(root_key(SIGNING_KEY.encode()))


class RecordingKeys(SigningKeys):
    """Keys in memory that count reads, and can delay them or make them fail."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(EventRecorder(Uuid7Identifiers(), "urn:hexaccount:test")).unit_of_work)
        object.__setattr__(self, "readings", 0)
        object.__setattr__(self, "error", None)
        object.__setattr__(self, "open_door", threading.Event())
        self.open_door.set()

    def all(self) -> Sequence[StoredKey]:
        object.__setattr__(self, "readings", self.readings + 1)
        assert self.open_door.wait(20)
        if self.error:
            raise self.error
        return super().all()

    def fail_with(self, error: Exception | None) -> None:
        object.__setattr__(self, "error", error)


class Host:
    """A process with its own ring on the shared keys."""

    def __init__(self, keys: RecordingKeys, factory: EncryptedKeyFactory = FACTORY) -> None:
        self.ring = KeyRing(factory, keys, lifetime=LIFETIME)
        self.issuer = JwtIssuer(self.ring, issuer="i", audience="a", client_id="c")

    def token(self, at: datetime = NOW) -> str:
        ids = {name: uuid4() for name in ("token_id", "user_id", "session_id")}
        return self.issuer.issue(AccessClaims(**ids, issued_at=at, expires_at=at + LIFETIME, epoch=0))

    def accepts(self, token: str, now: datetime = NOW) -> bool:
        try:
            self.issuer.verify(token, now=now)
        except InvalidToken:
            return False
        return True


@pytest.fixture
def keys() -> RecordingKeys:
    return RecordingKeys()


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Freeze the monotonic clock of the rings, and return a function that advances it."""
    now = [1000.0]
    monkeypatch.setattr(key_ring, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def put(
    keys: RecordingKeys, begins: datetime = NOW, algorithm: str = "EdDSA", factory: EncryptedKeyFactory = FACTORY
) -> StoredKey:
    made = factory.make(algorithm)
    key = StoredKey(
        kid=made.kid, algorithm=algorithm, sealed=made.sealed, created_at=NOW - timedelta(1), signs_from=begins
    )
    keys.add(key)
    return key


def kids(host: Host, now: datetime = NOW) -> list[str]:
    return [key["kid"] for key in host.ring.published(now)]


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "HS256"])
def test_a_stored_key_signs_from_its_start_and_tokens_of_the_root_key_stay_valid(
    keys: RecordingKeys, algorithm: str
) -> None:
    put(keys, NOW, algorithm)
    host = Host(keys)
    before, after = host.token(NOW - timedelta(seconds=1)), host.token(NOW)
    assert before.partition(".")[0] == FACTORY.root.header != after.partition(".")[0]
    assert host.accepts(before)
    assert host.accepts(after)
    assert Host(keys).accepts(after)


def test_keys_are_read_when_needed_and_at_most_once_in_two_seconds(
    keys: RecordingKeys, pass_time: Callable[[float], None]
) -> None:
    host = Host(keys)
    assert keys.readings == 0
    for expected in (1, 2, 3):
        for _ in range(50):
            assert host.accepts(host.token())
        assert keys.readings == expected
        pass_time(2)


def test_an_unknown_key_forces_a_read(keys: RecordingKeys, pass_time: Callable[[float], None]) -> None:
    one, other = Host(keys), Host(keys)
    one.token()
    put(keys)
    assert one.accepts(other.token())


def test_unknown_keys_force_at_most_four_reads_a_second(
    keys: RecordingKeys, pass_time: Callable[[float], None]
) -> None:
    host = Host(keys)
    strange = Host(RecordingKeys(), EncryptedKeyFactory(root_key(OTHER_SIGNING_KEY.encode()))).token()
    for _ in range(100):
        assert not host.accepts(strange)
        pass_time(0.0125)
    assert keys.readings <= 7


def test_a_malformed_header_forces_no_read(keys: RecordingKeys, pass_time: Callable[[float], None]) -> None:
    host = Host(keys)
    body = host.token().partition(".")[2]
    for header in ("", "e30", "!", "eyJhbGciOiJub25lIn0", FACTORY.root.header + "A", "A" * 4000):
        assert not host.accepts(f"{header}.{body}")
    assert keys.readings == 1


def test_while_one_thread_reads_the_others_use_the_previous_keys(
    keys: RecordingKeys, pass_time: Callable[[float], None]
) -> None:
    host = Host(keys)
    token = host.token()
    keys.open_door.clear()
    pass_time(2)
    reader = threading.Thread(target=host.accepts, args=[token])
    reader.start()
    while keys.readings < 2:
        time.sleep(0.001)
    for _ in range(100):
        assert host.accepts(token)
    assert reader.is_alive()
    keys.open_door.set()
    reader.join(10)
    assert keys.readings == 2


def test_keys_that_are_too_old_are_not_used(keys: RecordingKeys, pass_time: Callable[[float], None]) -> None:
    host = Host(keys)
    host.token()
    key = put(keys)
    pass_time(4)
    keys.open_door.clear()
    tokens: list[str] = []
    threads = [threading.Thread(target=lambda: tokens.append(host.token())) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    assert tokens == []
    keys.open_door.set()
    for thread in threads:
        thread.join(10)
    assert {token.partition(".")[0] for token in tokens} == {FACTORY.decrypt(key).header}
    assert keys.readings == 2


def test_the_previous_keys_stay_in_use_while_the_store_is_unavailable(
    keys: RecordingKeys, pass_time: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    key = put(keys)
    host = Host(keys)
    token = host.token()
    keys.fail_with(StoreUnavailable())
    for _ in range(5):
        pass_time(10)
        assert host.accepts(token)
        assert kids(host) == [key.kid]
    assert "cannot be read" in caplog.text
    keys.fail_with(None)
    keys.remove(key.kid)
    pass_time(2)
    assert not host.accepts(token)


def test_no_key_signs_while_the_store_is_unavailable(keys: RecordingKeys, pass_time: Callable[[float], None]) -> None:
    for host in (Host(keys), Host(keys)):
        if keys.readings:
            host.token()
        keys.fail_with(StoreUnavailable())
        pass_time(2)
        with pytest.raises(StoreUnavailable):
            host.token()
        keys.fail_with(None)
        key = put(keys)
        pass_time(0.25)
        assert host.token().partition(".")[0] == FACTORY.decrypt(key).header
        keys.remove(key.kid)


def test_no_keys_are_published_before_the_first_successful_read(
    keys: RecordingKeys, pass_time: Callable[[float], None]
) -> None:
    host = Host(keys)
    keys.fail_with(StoreUnavailable())
    with pytest.raises(StoreUnavailable):
        kids(host)


def test_a_token_of_a_key_that_cannot_be_read_is_not_reported_as_invalid(
    keys: RecordingKeys, pass_time: Callable[[float], None]
) -> None:
    put(keys)
    token, host = Host(keys).token(), Host(keys)
    keys.fail_with(StoreUnavailable())
    with pytest.raises(StoreUnavailable):
        host.accepts(token)
    assert not host.accepts("x" + token)


def test_a_superseded_key_verifies_until_its_last_token_has_expired(keys: RecordingKeys) -> None:
    key = put(keys)
    host = Host(keys)
    end = NOW + LIFETIME + OUTLIVES
    forged_later = JwtIssuer(KeyRing(FACTORY), issuer="i", audience="a", client_id="c")
    ids = {name: uuid4() for name in ("token_id", "user_id", "session_id")}
    late = forged_later.issue(AccessClaims(**ids, issued_at=NOW, expires_at=NOW + timedelta(days=365), epoch=0))
    assert host.accepts(late, end - timedelta(milliseconds=1))
    assert not host.accepts(late, end)
    assert kids(host, end) == [key.kid]


def test_a_removed_key_verifies_nothing(keys: RecordingKeys, pass_time: Callable[[float], None]) -> None:
    key = put(keys)
    host = Host(keys)
    token = host.token()
    keys.remove(key.kid)
    pass_time(2)
    assert not host.accepts(token)
    assert host.accepts(host.token())


def test_publishing_rereads_the_keys(keys: RecordingKeys, pass_time: Callable[[float], None]) -> None:
    host = Host(keys)
    host.token()
    first = put(keys)
    assert kids(host) == [first.kid]
    second = put(keys)
    assert set(kids(host)) == {first.kid, second.kid}


def test_the_public_parts_of_all_keys_that_sign_or_verify_are_published(keys: RecordingKeys) -> None:
    waiting, signing, symmetric = put(keys, NOW + timedelta(1)), put(keys), put(keys, NOW - timedelta(1), "HS256")
    before = put(keys, NOW - timedelta(hours=1), "ES256")
    host = Host(keys)
    assert set(kids(host)) == {waiting.kid, signing.kid, before.kid}
    assert set(kids(host, NOW + LIFETIME + OUTLIVES)) == {waiting.kid, signing.kid}
    for jwk in host.ring.published(NOW):
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(jwk)
        assert (jwk["use"], jwk["alg"]) in {("sig", "EdDSA"), ("sig", "ES256")}
    assert symmetric.kid not in str(host.ring.published(NOW))


@pytest.mark.parametrize("field", ["sealed", "kid", "algorithm"])
def test_a_key_that_was_changed_in_the_store_is_ignored_and_logged_without_its_secret(
    keys: RecordingKeys, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    key, other = put(keys), put(keys, NOW - timedelta(seconds=5))
    keys.remove(key.kid)
    changed = {"kid": key.kid, "algorithm": key.algorithm, "sealed": key.sealed}
    changed[field] = {"sealed": other.sealed, "kid": "other", "algorithm": "ES256"}[field]
    keys.add(StoredKey(**changed, created_at=key.created_at, signs_from=key.signs_from))
    host = Host(keys)
    assert host.token().partition(".")[0] == FACTORY.decrypt(other).header
    assert kids(host) == [other.kid]
    assert "hexaccount keys list" in caplog.text
    assert key.sealed not in caplog.text


def test_a_key_of_a_later_version_is_ignored(keys: RecordingKeys) -> None:
    made = put(RecordingKeys())
    sealed = FACTORY._envelope.encrypt(FACTORY.decrypt(made).secret, name=f"ML-DSA-44 {made.kid}")
    keys.add(StoredKey(kid=made.kid, algorithm="ML-DSA-44", sealed=sealed, created_at=NOW, signs_from=NOW))
    assert kids(Host(keys)) == []


def test_under_another_root_key_no_stored_key_decrypts(keys: RecordingKeys) -> None:
    key = put(keys)
    other = EncryptedKeyFactory(root_key(OTHER_SIGNING_KEY.encode()))
    assert FACTORY.can_open(key)
    assert not other.can_open(key)
    assert kids(Host(keys, other)) == []


def test_the_encrypted_key_is_not_in_its_repr() -> None:
    made, again = FACTORY.make("HS256"), FACTORY.make("HS256")
    assert made.sealed not in repr(made)
    assert len({made.sealed, again.sealed, made.kid, again.kid}) == 4
