from dataclasses import dataclass

import requests

from tests.people import PASSWORD, login_form, registration_form


@dataclass(frozen=True)
class Account:
    """A user with an HTTP client."""

    url: str
    name: str
    password: str = PASSWORD

    def register(self) -> requests.Response:
        form = registration_form(self.name, password=self.password)
        return requests.post(f"{self.url}/api/v1/public/register", json=form, timeout=20)

    def log_in(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens()['access']}"}

    def tokens(self) -> dict[str, str]:
        """Return the tokens of another login."""
        form = login_form(self.name, self.password)
        answer = requests.post(f"{self.url}/api/v1/public/login", json=form, timeout=20)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, str] = answer.json()["data"]
        return tokens

    def get(self, path: str, headers: dict[str, str]) -> requests.Response:
        return requests.get(f"{self.url}{path}", headers=headers, timeout=20)
