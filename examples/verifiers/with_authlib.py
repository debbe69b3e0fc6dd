"""A service with Authlib and Flask: ISSUER=https://accounts.example.org PORT=3000 python with_authlib.py."""

import os
from typing import Any

import requests
from authlib.integrations.flask_oauth2 import ResourceProtector, current_token
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from flask import Flask
from joserfc import jwk


class Validator(JWTBearerTokenValidator):
    """Finds the keys by the metadata of the issuer, once; a real service fetches them again every five minutes."""

    keys: jwk.KeySet | None = None

    def get_jwks(self) -> jwk.KeySet:
        """Return the keys."""
        if self.keys is None:
            metadata = fetch(f"{self.issuer}/.well-known/oauth-authorization-server")
            self.keys = jwk.KeySet.import_key_set(fetch(metadata["jwks_uri"]))
        return self.keys


def fetch(url: str) -> Any:
    """Return a document."""
    answer = requests.get(url, timeout=5)
    answer.raise_for_status()
    return answer.json()


require = ResourceProtector()
require.register_token_validator(Validator(os.environ["ISSUER"], "hexaccount"))
app = Flask(__name__)


@app.get("/orders")
@require()
def orders() -> dict[str, str]:
    """Answer with the user of the token."""
    return {"user": current_token["sub"]}


@app.get("/support")
@require("users.read")
def support() -> dict[str, list[str]]:
    """Answer to those who have the permission."""
    return {"orders": []}


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
