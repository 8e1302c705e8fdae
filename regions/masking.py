"""Masking of personal data: what may be shown of a person without a purpose and a journal entry."""

import json
import re
from typing import Any

from regions.keys import encryption
from regions.keys.encryption import QUARANTINED_RECORD
from regions.sources.models import Quarantined

STAR = "*"


def mask_name(name: str) -> str:
    """Keep the first and the last character with stars between: 张小三 → 张*三, 张三 → 张*. A single character is hidden."""
    return name[0] + STAR if len(name) == 2 else _keep_ends(name, head=1, tail=1)


def mask_number(number: str) -> str:
    """Keep the first two and the last two characters, and the length; numbers of four or fewer are hidden entirely."""
    return _keep_ends(number, head=2, tail=2)


def mask_phone(phone: str) -> str:
    """Keep the first three and the last four digits, as on telephone bills; seven or fewer are hidden entirely."""
    return _keep_ends(phone, head=3, tail=4)


def _keep_ends(text: str, *, head: int, tail: int) -> str:
    """Replace all but the ends by stars; a text that is not longer than its ends is replaced entirely."""
    hidden = len(text) - head - tail
    if hidden <= 0:
        return STAR * len(text)
    return text[:head] + STAR * hidden + text[-tail:]


# Longer than a division code, a day, or the parts of an instant; digits may be separated. A malformed record may contain a number
# in any field.
_MAYBE_A_NUMBER = re.compile(r"(?=\w*\d{5})\w{7,}|\d(?:[ .-]?\d){13,}[Xx]?")
_CITIZENS_NUMBER = re.compile(r"\d{14,}[0-9Xx]?|1\d{10}")
NAMES, NUMBERS = frozenset({"full_name"}), frozenset({"id_number"})
# People need these whole to find the record at its source, unless they contain an ID or phone number.
IDENTIFIERS = frozenset({"record_id"})


def masked_raw(quarantined: Quarantined) -> dict[str, Any]:
    """Return the record's fields in their original order with masked values. Raises ``CannotDecrypt``."""
    stored = json.loads(encryption.decrypt(bytes(quarantined.raw), use=QUARANTINED_RECORD))
    # Bytes that were not text are stored as lone surrogates, which cannot be sent in a page.
    content: dict[str, Any] = json.loads(json.dumps(stored, ensure_ascii=False).encode(errors="replace"))
    return {name: mask_value(name, value) for name, value in content.items()}


def mask_value(name: str, value: Any) -> Any:
    """Mask a field's value by the field's name and by what the value looks like."""
    match value:
        case None | bool():
            return value
        case dict():
            return {_masked_text(key): mask_value(key, inner) for key, inner in value.items()}
        case list():
            return [mask_value(name, inner) for inner in value]
    text = str(value)
    if name in NUMBERS:
        return mask_number(text)
    if name in NAMES:
        return mask_name(_masked_text(text))
    if name in IDENTIFIERS:
        return _CITIZENS_NUMBER.sub(lambda found: mask_number(found[0]), text)
    return _masked_text(text)


def _masked_text(text: str) -> str:
    return _MAYBE_A_NUMBER.sub(lambda found: mask_number(found[0]), text)
