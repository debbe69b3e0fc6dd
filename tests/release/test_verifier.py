"""The distributions of the verifier work alone, with `pyjwt[crypto]` and what that needs."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.release.conftest import only
from tests.release.test_distributions import in_git

PROGRAM = """
from datetime import UTC, datetime
from uuid import uuid4
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hexaccount_verifier import InvalidToken, TokenVerifier

key, issuer = Ed25519PrivateKey.generate(), "https://accounts.example.org"
public = jwt.get_algorithm_by_name("EdDSA").to_jwk(key.public_key(), as_dict=True)
published = {"keys": [{**public, "kid": "one", "use": "sig", "alg": "EdDSA"}]}
user, now = uuid4(), datetime.now(UTC)
claims = {
    "iss": issuer, "aud": "hexaccount", "iat": int(now.timestamp()), "exp": int(now.timestamp()) + 300,
    "jti": str(uuid4()), "sub": str(user), "sid": str(uuid4()), "typ": "access", "epoch": 0, "roles": ["user"],
}
tokens = TokenVerifier(lambda: published, issuer=issuer, audience="hexaccount")
token = jwt.encode(claims, key, "EdDSA", headers={"kid": "one", "typ": "at+jwt"})
assert tokens.verify(token).user_id == user
assert tokens.verify(token).roles == {"user"}
try:
    tokens.verify(jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": "one", "typ": "at+jwt"}))
except InvalidToken:
    print("verified")
"""


def test_it_verifies_tokens_in_an_environment_without_the_service(
    verifier: Path, folder: Path, environment: dict[str, str]
) -> None:
    python = folder / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, timeout=120)
    pip = [python, "-m", "pip"]
    subprocess.run([*pip, "install", "--quiet", verifier], check=True, env=environment, cwd=folder, timeout=240)
    listed = subprocess.check_output([*pip, "list", "--format", "json"], text=True, env=environment, cwd=folder)
    installed = {package["name"].lower() for package in json.loads(listed)} - {"pip", "setuptools"}
    assert installed - {"typing_extensions"} == {"hexaccount-verifier", "pyjwt", "cryptography", "cffi", "pycparser"}
    assert subprocess.check_output([python, "-W", "error", "-c", PROGRAM], text=True, cwd=folder) == "verified\n"


def test_its_wheel_contains_only_its_package_and_the_wheel_of_the_service_has_none_of_it(
    wheel: Path, root: Path
) -> None:
    names = zipfile.ZipFile(only("hexaccount_verifier-*.whl")).namelist()
    packed = {name for name in names if ".dist-info/" not in name}
    assert packed == {name.removeprefix("verifier/") for name in in_git(root, "verifier/hexaccount_verifier")}
    assert [name for name in zipfile.ZipFile(wheel).namelist() if "verifier" in name] == []
