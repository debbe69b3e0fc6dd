import pytest

from hexaccount.sessions.ports import InvalidToken
from tests.adapters.security.forgeries import CLAIMS, CORPUS, ISSUER, NOW, SIGNATURE_PART, TOKEN, forge
from tests.adapters.security.ring_forgeries import ALGORITHMS, FORGERIES, Forge, genuine, ring_issuer


def test_the_forging_helpers_produce_the_genuine_token_when_they_change_nothing() -> None:
    assert forge() == TOKEN
    assert ISSUER.verify(forge(), now=NOW) == CLAIMS


@pytest.mark.parametrize("token", CORPUS.values(), ids=[ascii(name) for name in CORPUS])
def test_a_forged_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken) as refusal:
        ISSUER.verify(token, now=NOW)
    assert len(str(refusal.value)) < 80
    assert SIGNATURE_PART not in str(refusal.value)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_ring_of_the_other_corpus_accepts_its_own_tokens(algorithm: str) -> None:
    assert ring_issuer().verify(genuine()[algorithm], now=NOW) == CLAIMS


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_token_that_confuses_the_keys_of_a_ring_is_refused(forge: Forge) -> None:
    assert [name for name, token in forge() if not is_refused(token)] == []


def is_refused(token: str) -> bool:
    try:
        ring_issuer().verify(token, now=NOW)
    except InvalidToken:
        return True
    return False
