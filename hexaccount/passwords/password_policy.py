import re
from dataclasses import dataclass
from itertools import product

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.user import User
from hexaccount.kernel.errors import InvalidInput
from hexaccount.passwords.password import Password, is_too_short, normalise_password
from hexaccount.passwords.ports import GuessEstimator

_SEPARATORS = ("", " ", ".", "-", "_", ", ")


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What a new password has to be: long enough, and hard to guess for an attacker who knows the account's names.

    Check it wherever a password is set, before hashing (NIST SP 800-63B-4, 3.1.1.2).
    """

    minimum_length: int
    minimum_guesses: float
    estimator: GuessEstimator

    def check(
        self,
        password: Password,
        *,
        user_name: UserName,
        email: EmailAddress,
        first_name: PersonName,
        last_name: PersonName,
        field: str = "password",
    ) -> None:
        """Raise InvalidInput of this field for a password that is too short or easy to guess, or HashingOverloaded."""
        if len(password.visible_part) < self.minimum_length:
            raise InvalidInput({field: is_too_short(self.minimum_length)})
        words = own_words(user_name, email, first_name, last_name)
        estimate = self.estimator.estimate(password.visible_part.strip(), words)
        if estimate.guesses < self.minimum_guesses:
            raise InvalidInput(
                {field: f"{estimate.reason}; choose one that is hard to guess, as four unrelated words are"}
            )

    def check_of(self, user: User, password: Password, *, field: str = "password") -> None:
        """Check a new password of an account; raises as `check` does."""
        self.check(
            password,
            user_name=user.name,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            field=field,
        )


def own_words(user_name: UserName, email: EmailAddress, first_name: PersonName, last_name: PersonName) -> set[str]:
    """Return the names of an account as passwords contain them: alone and together, with usual separators."""
    texts = (user_name.text, email.text, email.text.rpartition("@")[0], first_name.text, last_name.text)
    names = [normalise_password(text) for text in texts]
    first, last = names[-2:]
    words = [re.findall(r"[^\W_]+", each) for each in (*names, f"{first} {last}", f"{last} {first}")]
    parts = [(first, last), (last, first), *words]
    return {separator.join(each) for each, separator in product(parts, _SEPARATORS)}.union(names)
