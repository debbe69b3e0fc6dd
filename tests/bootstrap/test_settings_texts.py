"""A character that its author does not see never becomes part of a setting, and an encoding is UTF-8 or refused."""

from pathlib import Path

import pytest

from hexaccount.bootstrap.settings import SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from tests.signing_key import SIGNING_KEY as KEY


@pytest.mark.parametrize(
    "character", ["\r", "\n", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\u200b", "\u202e"]
)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("store", "sqlite:///accounts.db"),
        ("cache", "redis://localhost:6379/0"),
        ("jwt.key", KEY),
        ("jwt.issuer", "https://accounts.example.org"),
        ("event_source", "urn:accounts"),
        ("personal_data.previous_key", KEY),
        ("kafka.ssl_ca", "/etc/ssl/ca.pem"),
    ],
)
def test_a_control_character_at_an_end_is_refused_by_name(name: str, value: str, character: str) -> None:
    variable = f"HEXACCOUNT_{name.upper().replace('.', '__')}"
    for text in (value + character, character + value):
        with pytest.raises(SettingsError) as refused:
            load_settings(None, {variable: text})
        assert str(refused.value).startswith(f"{name}: remove the character U+{ord(character):04X}")
        assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "text", "named"),
    [
        ("EVENTS", '["memory://a", "memory://b\\r"]', r"^events\[1\]: remove the character U\+000D"),
        (
            "WEBHOOKS",
            '[{"name": "crm", "url": "https://crm.example", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\\n"}]',
            r"^webhooks\[0\]\.secret: remove",
        ),
        ("ROLES", '{"support": ["users.read\\t"]}', r"^roles\.support\[0\]: remove"),
        ("JWT__ISSUER", "account\x00s", r"^jwt\.issuer: remove the character U\+0000"),
        ("JWT__KEY", f"{KEY}\x00{KEY}", r"^jwt\.key: remove the character U\+0000"),
        ("STORE", "sqlite:///accounts\t.db", r"^store: remove the character U\+0009"),
        ("CACHE", "redis://localhost\n:6379/0", r"^cache: remove the character U\+000A"),
        ("JWT__ISSUER", "account\udcffs", r"^jwt\.issuer: it contains bytes that are not UTF-8 text"),
    ],
)
def test_it_is_refused_inside_of_lists_and_what_is_no_text_anywhere(variable: str, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_settings(None, {f"HEXACCOUNT_{variable}": text})


def test_the_end_of_the_last_line_of_a_key_in_pem_stays() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem = made.decode()
    assert pem.endswith("\n")
    assert load_settings(None, {"HEXACCOUNT_JWT__KEY": pem, "HEXACCOUNT_JWT__ALGORITHM": "EdDSA"}).jwt.key == pem
    with pytest.raises(SettingsError, match=r"^jwt\.key: remove the character U\+FEFF"):
        load_settings(None, {"HEXACCOUNT_JWT__KEY": f"\ufeff{pem}", "HEXACCOUNT_JWT__ALGORITHM": "EdDSA"})


def test_a_byte_order_mark_is_taken_off_files(tmp_path: Path) -> None:
    config, secret = tmp_path / "settings.toml", tmp_path / "secret"
    config.write_text('store = "memory://"\r\n', encoding="utf-8-sig")
    secret.write_text(f"{KEY}\r\n", encoding="utf-8-sig")
    settings = load_settings(config, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)})
    assert (settings.store, settings.jwt.key) == ("memory://", KEY)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-32"])
def test_a_file_in_utf_16_is_refused_with_the_remedy(tmp_path: Path, encoding: str) -> None:
    config, secret = tmp_path / "settings.toml", tmp_path / "secret"
    config.write_text('store = "memory://"', encoding=encoding)
    secret.write_text(KEY, encoding=encoding)
    for named, environment in ((config, {}), (None, {"HEXACCOUNT_JWT__KEY_FILE": str(secret)})):
        with pytest.raises(SettingsError, match=r"(settings\.toml|names,) is UTF-16 text, .* save it as UTF-8 text$"):
            load_settings(named, environment)
