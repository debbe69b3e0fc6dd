import pytest

from hexaccount.sessions.ports import InvalidToken
from tests.adapters.security.forgeries import CLAIMS, CORPUS, ISSUER, NOW, SIGNATURE_PART, TOKEN, forge
from tests.adapters.security.ring_forgeries import GENUINE, RING_CORPUS, RING_ISSUER


def test_the_forging_helpers_produce_the_genuine_token_when_they_change_nothing() -> None:
    assert forge() == TOKEN
    assert ISSUER.verify(forge(), now=NOW) == CLAIMS


@pytest.mark.parametrize("token", CORPUS.values(), ids=[ascii(name) for name in CORPUS])
def test_a_forged_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken) as refusal:
        ISSUER.verify(token, now=NOW)
    assert len(str(refusal.value)) < 80
    assert SIGNATURE_PART not in str(refusal.value)


@pytest.mark.parametrize("algorithm", GENUINE)
def test_the_ring_of_the_other_corpus_accepts_its_own_tokens(algorithm: str) -> None:
    assert RING_ISSUER.verify(GENUINE[algorithm], now=NOW) == CLAIMS


@pytest.mark.parametrize("token", RING_CORPUS.values(), ids=range(len(RING_CORPUS)))
def test_a_token_that_confuses_the_keys_of_a_ring_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        RING_ISSUER.verify(token, now=NOW)
