import base64
import binascii

from standardwebhooks import Webhook

from hexaccount.kernel.secret_strength import bytes_held

_PREFIX = "whsec_"


def parse_secret(text: str) -> Webhook:
    """Return what signs with a secret of the form `whsec_…`; raises ValueError, which never repeats the text.

    The library would accept keys of any length, and skip characters that are not base64.
    """
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_PREFIX) or not 24 <= len(key) <= 64 or bytes_held(key) < 24:
        raise ValueError(
            f"a secret is {_PREFIX} and 24 to 64 random bytes in base64; make one with: python -c 'import base64, "
            f'secrets; print("{_PREFIX}" + base64.b64encode(secrets.token_bytes(32)).decode())\''
        )
    return Webhook(key)
