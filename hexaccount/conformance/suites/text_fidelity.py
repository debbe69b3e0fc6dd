import pytest

from hexaccount.accounts.profile import clean_address, clean_bio
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import journal_of, profile_of, save, session_of, user_of
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.conformance.suites.texts import ADVERSARIAL, every_character
from hexaccount.store_kit.store import Store


class TextFidelityContract(ContractSuite):
    """Text comes back to the code point as it went in, from the state and from the journal."""

    @pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=ADVERSARIAL.keys())
    def test_adversarial_text_survives(self, store: Store, people: People, text: str) -> None:
        bio, address = clean_bio(text), clean_address(text[:500])
        user = people.user(first_name=" ".join(text[:100].split()), last_name="\u674e")
        session = people.session(user, user_agent=text)
        save(store, user, session, people.profile(user.id, bio=bio, address=address))
        profile, stored_session = profile_of(store, user.id), session_of(store, session.id)
        assert profile
        assert stored_session
        assert (profile.bio, profile.address) == (bio, address)
        assert stored_session.user_agent == session.user_agent
        assert user_of(store, user.id).first_name == user.first_name
        assert journal_of(store, profile)[-1].data["changes"] == {"bio": bio, "address": address}
        assert journal_of(store, user)[0].data["first_name"] == user.first_name.text
        assert journal_of(store, stored_session)[0].data["user_agent"] == session.user_agent

    def test_every_character_that_free_text_may_hold_survives(self, store: Store, people: People) -> None:
        texts = every_character()
        user = people.user()
        profile = people.profile(user.id)
        for text in texts:
            profile.update({"bio": text}, people.now())
        save(store, user, profile)
        entries = journal_of(store, profile)
        assert [entry.data["changes"]["bio"] for entry in entries[1:]] == texts
        stored = profile_of(store, user.id)
        assert stored
        assert stored.bio == texts[-1]

    def test_an_absent_text_and_a_text_are_told_apart(self, store: Store, people: People) -> None:
        user = people.user()
        save(store, user, people.profile(user.id, bio="null", phone=None))
        stored = profile_of(store, user.id)
        assert stored
        assert (stored.bio, stored.phone, stored.address) == ("null", None, None)
