"""How a request to a big-data centre is signed."""

import hashlib
import hmac
from collections.abc import Mapping


def sign(secret: str, fields: Mapping[str, str]) -> str:
    """Upper-case hex HMAC-SHA256 over `key=value&…`, keys sorted, empty values left out, values not URL-encoded."""
    text = "&".join(f"{key}={fields[key]}" for key in sorted(fields) if fields[key] != "")
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()
