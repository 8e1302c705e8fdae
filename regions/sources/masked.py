"""A quarantined record as people may see it without a purpose: what may be an ID number or a phone is masked, wherever it stands."""

import json
import re
from typing import Any

from regions.keys import vault
from regions.keys.sealing import QUARANTINED_RECORD
from regions.masking import mask_name, mask_number
from regions.sources.models import Quarantined

# Longer than a division code, a day, or the parts of an instant; digits may be set apart. A record in disorder may hold a
# number in any field.
_MAYBE_A_NUMBER = re.compile(r"(?=\w*\d{5})\w{7,}|\d(?:[ .-]?\d){13,}[Xx]?")
_CITIZENS_NUMBER = re.compile(r"\d{14,}[0-9Xx]?|1\d{10}")
NAMES, NUMBERS = frozenset({"full_name"}), frozenset({"id_number"})
# Of these people need every sign to find the record at its source, unless it carries somebody's number.
IDENTIFIERS = frozenset({"record_id"})


def masked_raw(quarantined: Quarantined) -> dict[str, Any]:
    """Its fields in the order they came, values masked. Raises ``CannotDecrypt``."""
    content: dict[str, Any] = json.loads(vault.decrypt(bytes(quarantined.raw), use=QUARANTINED_RECORD))
    return {name: mask_value(name, value) for name, value in content.items()}


def mask_value(name: str, value: Any) -> Any:
    """A field's value masked by what the field is called and by what the value looks like."""
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
