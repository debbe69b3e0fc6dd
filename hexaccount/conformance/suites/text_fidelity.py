import pytest

from hexaccount.accounts.profile import clean_address, clean_bio
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.texts import ADVERSARIAL, FORMATTED, every_character
from hexaccount.conformance.suites.transactions import journal_of, profile_of, save, session_of, user_of
from hexaccount.store_kit.store import Store


class TextFidelityContract(ContractSuite):
    """Text is read to the code point as it was written, from the state and from the journal."""

    @pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=ADVERSARIAL.keys())
    def test_adversarial_text_survives(self, store: Store, factory: Factory, text: str) -> None:
        bio, address = clean_bio(text), clean_address(text[:500])
        user = factory.user(first_name=" ".join(text[:100].split()), last_name="\u674e")
        session = factory.session(user, user_agent=text)
        save(store, user, session, factory.profile(user.id, bio=bio, address=address))
        profile, stored_session = profile_of(store, user.id), session_of(store, session.id)
        assert (profile.bio, profile.address) == (bio, address)
        assert stored_session.user_agent == session.user_agent
        assert user_of(store, user.id).first_name == user.first_name
        assert journal_of(store, profile)[-1].data["changes"] == {"bio": bio, "address": address}
        assert journal_of(store, user)[0].data["first_name"] == user.first_name.text
        assert journal_of(store, stored_session)[0].data["user_agent"] == session.user_agent

    @pytest.mark.parametrize("text", FORMATTED.values(), ids=FORMATTED.keys())
    def test_formatted_text_survives(self, store: Store, factory: Factory, text: str) -> None:
        user = factory.user()
        save(store, user, factory.profile(user.id, bio=clean_bio(text), address=clean_address(text)))
        profile = profile_of(store, user.id)
        assert (profile.bio, profile.address) == (text, text)

    def test_every_character_that_free_text_may_hold_survives(self, store: Store, factory: Factory) -> None:
        texts = every_character()
        user = factory.user()
        profile = factory.profile(user.id)
        for text in texts:
            profile.update({"bio": text}, factory.now())
        save(store, user, profile)
        entries = journal_of(store, profile)
        assert [entry.data["changes"]["bio"] for entry in entries[1:]] == texts
        stored = profile_of(store, user.id)
        assert stored.bio == texts[-1]

    def test_an_absent_text_differs_from_the_text_null(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user, factory.profile(user.id, bio="null", phone=None))
        stored = profile_of(store, user.id)
        assert (stored.bio, stored.phone, stored.address) == ("null", None, None)
