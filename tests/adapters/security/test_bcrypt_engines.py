"""Each engine computes what was published and what the package `bcrypt` computes."""

import random
from itertools import product

import bcrypt
import pytest

from hexaccount_security.bcrypt_engines import BcryptEngine, BcryptInput, InterleavedBcrypt
from hexaccount_security.engine_choice import ENGINES
from tests.adapters.security.bcrypt_vectors import VECTORS


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> BcryptEngine:
    return ENGINES[request.param]()


def packaged(each: BcryptInput, ident: bytes = b"$2b$") -> bytes:
    return bcrypt.hashpw(each.secret, b"%b%02d$%b" % (ident, each.cost, each.salt))[-31:]


@pytest.mark.parametrize("lanes", [1, 2, 3, 4])
def test_published_hashes_in_every_lane(engine: BcryptEngine, lanes: int) -> None:
    lanes = min(lanes, engine.lanes)
    for lane in range(lanes):
        for number, (secret, salt, digest) in enumerate(VECTORS):
            others = [VECTORS[(number + distance) % len(VECTORS)] for distance in range(1, lanes)]
            inputs = [BcryptInput(5, salt, secret) for secret, salt, _ in others]
            inputs.insert(lane, BcryptInput(5, salt, secret))
            assert engine.digests(5, inputs)[lane] == digest


@pytest.mark.parametrize("ident", [b"$2a$", b"$2b$", b"$2y$"])
def test_the_identifiers_of_bcrypt_that_are_read_stand_for_one_function(ident: bytes) -> None:
    for secret, salt, digest in VECTORS:
        assert packaged(BcryptInput(5, salt, secret), ident) == digest


def random_input(chance: random.Random, highest_cost: int) -> BcryptInput:
    secret = chance.randbytes(chance.randrange(73))
    if chance.random() < 0.2:
        secret = bytes(chance.choice(b"\0\x7f\x80\xff") for _ in secret)
    return BcryptInput(chance.randint(4, highest_cost), bcrypt.gensalt(4)[-22:], secret)


@pytest.mark.parametrize("number", [1_500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_random_hashes_in_every_mix_of_lanes_and_costs(number: int) -> None:
    chance, engine = random.Random(), InterleavedBcrypt()
    mixes = list(product(range(1, 5), range(4, 9)))
    while sum(lanes for lanes, _ in mixes) < number:
        mixes.append((chance.randint(1, 4), chance.choices(range(4, 9), [100, 5, 2, 1, 1])[0]))
    for lanes, highest_cost in mixes:
        inputs = [random_input(chance, highest_cost) for _ in range(lanes)]
        assert engine.digests(highest_cost, inputs) == [packaged(each) for each in inputs], inputs


@pytest.mark.parametrize("name", ["crypt", "bcrypt"])
def test_engines_of_one_lane_compute_the_same_random_hashes(name: str) -> None:
    chance, engine = random.Random(), ENGINES[name]()
    for _ in range(200):
        given = random_input(chance, 5)
        assert engine.digests(5, [given]) == [packaged(given)], given


def test_a_lower_cost_among_others_takes_the_rounds_of_the_highest_too(engine: BcryptEngine) -> None:
    low, high = (BcryptInput(cost, b"." * 22, b"correct horse") for cost in (4, 6))
    assert engine.digests(6, [low]) == [packaged(low)]
    assert engine.digests(6, [low, high][: engine.lanes]) == [packaged(low), packaged(high)][: engine.lanes]


def test_no_engine_shows_a_password(engine: BcryptEngine) -> None:
    assert "correct" not in repr(BcryptInput(4, b"." * 22, b"correct horse"))
