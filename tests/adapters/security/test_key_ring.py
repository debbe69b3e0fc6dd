import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.sessions.ports import AccessClaims, InvalidToken
from hexaccount.signing_keys.key_schedule import UNSURE
from hexaccount.signing_keys.ports import StoredKey
from hexaccount_memory.signing_keys import MemorySigningKeys
from hexaccount_memory.tables import Tables
from hexaccount_security import JwtIssuer, KeyRing, SealingSmith, key_ring, seed_key

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIFETIME = timedelta(minutes=10)
SMITH = SealingSmith(seed_key(b"s" * 40))


class WatchedKeys(MemorySigningKeys):
    """The real keys in memory, whose readings are counted, may be held up, and may fail."""

    def __init__(self) -> None:
        super().__init__(Tables())
        object.__setattr__(self, "readings", 0)
        object.__setattr__(self, "trouble", None)
        object.__setattr__(self, "open_door", threading.Event())
        self.open_door.set()

    def all(self) -> Sequence[StoredKey]:
        object.__setattr__(self, "readings", self.readings + 1)
        assert self.open_door.wait(20)
        if self.trouble:
            raise self.trouble
        return super().all()

    def fail_with(self, trouble: Exception | None) -> None:
        object.__setattr__(self, "trouble", trouble)


class Host:
    """A process with a ring of its own on the shared keys."""

    def __init__(self, keys: WatchedKeys, key_factory: SealingSmith = SMITH) -> None:
        self.ring = KeyRing(key_factory, keys, lifetime=LIFETIME)
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
def keys() -> WatchedKeys:
    return WatchedKeys()


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the monotonic clock of the rings on, which otherwise stands still."""
    now = [1000.0]
    monkeypatch.setattr(key_ring, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def put(
    keys: WatchedKeys, begins: datetime = NOW, algorithm: str = "EdDSA", key_factory: SealingSmith = SMITH
) -> StoredKey:
    made = key_factory.make(algorithm)
    key = StoredKey(
        kid=made.kid, algorithm=algorithm, sealed=made.sealed, created_at=NOW - timedelta(1), signs_from=begins
    )
    keys.add(key)
    return key


def kids(host: Host, now: datetime = NOW) -> list[str]:
    return [key["kid"] for key in host.ring.published(now)]


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "HS256"])
def test_a_key_in_the_store_signs_from_its_moment_on_and_the_tokens_of_the_seed_live_on(
    keys: WatchedKeys, algorithm: str
) -> None:
    put(keys, NOW, algorithm)
    host = Host(keys)
    before, after = host.token(NOW - timedelta(seconds=1)), host.token(NOW)
    assert before.partition(".")[0] == SMITH.seed_key.header != after.partition(".")[0]
    assert host.accepts(before)
    assert host.accepts(after)
    assert Host(keys).accepts(after)


def test_nothing_is_read_before_it_is_needed_and_then_once_in_two_seconds(
    keys: WatchedKeys, pass_time: Callable[[float], None]
) -> None:
    host = Host(keys)
    assert keys.readings == 0
    for expected in (1, 2, 3):
        for _ in range(50):
            assert host.accepts(host.token())
        assert keys.readings == expected
        pass_time(2)


def test_an_unknown_key_is_looked_for_at_once(keys: WatchedKeys, pass_time: Callable[[float], None]) -> None:
    one, other = Host(keys), Host(keys)
    one.token()
    put(keys)
    assert one.accepts(other.token())


def test_who_sends_unknown_keys_again_and_again_causes_no_more_than_four_readings_a_second(
    keys: WatchedKeys, pass_time: Callable[[float], None]
) -> None:
    host = Host(keys)
    strange = Host(WatchedKeys(), SealingSmith(seed_key(b"another" * 9))).token()
    for _ in range(100):
        assert not host.accepts(strange)
        pass_time(0.0125)
    assert keys.readings <= 7


def test_a_header_that_no_key_of_ours_could_write_causes_no_reading(
    keys: WatchedKeys, pass_time: Callable[[float], None]
) -> None:
    host = Host(keys)
    body = host.token().partition(".")[2]
    for header in ("", "e30", "!", "eyJhbGciOiJub25lIn0", SMITH.seed_key.header + "A", "A" * 4000):
        assert not host.accepts(f"{header}.{body}")
    assert keys.readings == 1


def test_while_one_thread_reads_the_others_go_on_with_what_was_read_before(
    keys: WatchedKeys, pass_time: Callable[[float], None]
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


def test_keys_that_are_too_old_are_used_by_nobody(keys: WatchedKeys, pass_time: Callable[[float], None]) -> None:
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
    assert {token.partition(".")[0] for token in tokens} == {SMITH.open(key).header}
    assert keys.readings == 2


def test_a_store_that_is_away_leaves_the_ring_as_it_is(
    keys: WatchedKeys, pass_time: Callable[[float], None], caplog: pytest.LogCaptureFixture
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


def test_nothing_is_signed_while_the_key_may_have_been_superseded_unseen(
    keys: WatchedKeys, pass_time: Callable[[float], None]
) -> None:
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
        assert host.token().partition(".")[0] == SMITH.open(key).header
        keys.remove(key.kid)


def test_no_keys_are_published_as_all_there_are_before_they_could_be_read(
    keys: WatchedKeys, pass_time: Callable[[float], None]
) -> None:
    host = Host(keys)
    keys.fail_with(StoreUnavailable())
    with pytest.raises(StoreUnavailable):
        kids(host)


def test_a_key_that_cannot_be_looked_for_is_no_fault_of_the_token(
    keys: WatchedKeys, pass_time: Callable[[float], None]
) -> None:
    put(keys)
    token, host = Host(keys).token(), Host(keys)
    keys.fail_with(StoreUnavailable())
    with pytest.raises(StoreUnavailable):
        host.accepts(token)
    assert not host.accepts("x" + token)


def test_a_superseded_key_verifies_until_its_last_token_has_expired_and_not_longer(keys: WatchedKeys) -> None:
    key = put(keys)
    host = Host(keys)
    end = NOW + LIFETIME + UNSURE
    forged_later = JwtIssuer(KeyRing(SMITH), issuer="i", audience="a", client_id="c")
    ids = {name: uuid4() for name in ("token_id", "user_id", "session_id")}
    late = forged_later.issue(AccessClaims(**ids, issued_at=NOW, expires_at=NOW + timedelta(days=365), epoch=0))
    assert host.accepts(late, end - timedelta(milliseconds=1))
    assert not host.accepts(late, end)
    assert kids(host, end) == [key.kid]


def test_a_removed_key_verifies_nothing(keys: WatchedKeys, pass_time: Callable[[float], None]) -> None:
    key = put(keys)
    host = Host(keys)
    token = host.token()
    keys.remove(key.kid)
    pass_time(2)
    assert not host.accepts(token)
    assert host.accepts(host.token())


def test_the_published_keys_are_those_of_the_moment(keys: WatchedKeys, pass_time: Callable[[float], None]) -> None:
    host = Host(keys)
    host.token()
    first = put(keys)
    assert kids(host) == [first.kid]
    second = put(keys)
    assert set(kids(host)) == {first.kid, second.kid}


def test_what_is_published_is_every_public_part_that_may_be_needed_and_nothing_else(keys: WatchedKeys) -> None:
    waiting, signing, symmetric = put(keys, NOW + timedelta(1)), put(keys), put(keys, NOW - timedelta(1), "HS256")
    before = put(keys, NOW - timedelta(hours=1), "ES256")
    host = Host(keys)
    assert set(kids(host)) == {waiting.kid, signing.kid, before.kid}
    assert set(kids(host, NOW + LIFETIME + UNSURE)) == {waiting.kid, signing.kid}
    for jwk in host.ring.published(NOW):
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(jwk)
        assert (jwk["use"], jwk["alg"]) in {("sig", "EdDSA"), ("sig", "ES256")}
    assert symmetric.kid not in str(host.ring.published(NOW))


@pytest.mark.parametrize("field", ["sealed", "kid", "algorithm"])
def test_a_key_that_was_changed_in_the_store_is_left_out_and_told_without_its_secret(
    keys: WatchedKeys, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    key, other = put(keys), put(keys, NOW - timedelta(seconds=5))
    keys.remove(key.kid)
    changed = {"kid": key.kid, "algorithm": key.algorithm, "sealed": key.sealed}
    changed[field] = {"sealed": other.sealed, "kid": "other", "algorithm": "ES256"}[field]
    keys.add(StoredKey(**changed, created_at=key.created_at, signs_from=key.signs_from))
    host = Host(keys)
    assert host.token().partition(".")[0] == SMITH.open(other).header
    assert kids(host) == [other.kid]
    assert "hexaccount keys list" in caplog.text
    assert key.sealed not in caplog.text


def test_a_key_of_a_later_version_is_left_out(keys: WatchedKeys) -> None:
    made = put(WatchedKeys())
    sealed = SMITH._seal.close(SMITH.open(made).secret, name=f"ML-DSA-44 {made.kid}")
    keys.add(StoredKey(kid=made.kid, algorithm="ML-DSA-44", sealed=sealed, created_at=NOW, signs_from=NOW))
    assert kids(Host(keys)) == []


def test_under_another_setting_no_stored_key_opens(keys: WatchedKeys) -> None:
    key = put(keys)
    other = SealingSmith(seed_key(b"t" * 40))
    assert SMITH.can_open(key)
    assert not other.can_open(key)
    assert kids(Host(keys, other)) == []


def test_a_sealed_key_shows_nothing_of_itself() -> None:
    made, again = SMITH.make("HS256"), SMITH.make("HS256")
    assert made.sealed not in repr(made)
    assert len({made.sealed, again.sealed, made.kid, again.kid}) == 4
