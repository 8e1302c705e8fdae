"""What makes a version immutable: the same version with another digest is other content, and refused."""

import hashlib
import json
from typing import Any

from codes.rule_sets.edition import Edition


def canonical_digest(edition: Edition) -> str:
    """SHA-256 in hex over what the edition means: the order of its tables and how the file is written do not count."""
    canonical = json.dumps(_canonical(edition), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _canonical(edition: Edition) -> dict[str, Any]:
    """Plain values, wording as people will read it, rules by code and areas by all their fields."""
    content = edition.model_dump(mode="json")
    for rule, row in zip(edition.rules, content["rules"], strict=True):
        row["title"] = {language: rule.title_in(language) for language in ("zh", "en")}
        row["reason"] = {language: rule.reason_in(language) for language in ("zh", "en")}
    content["rules"].sort(key=lambda row: row["code"])
    content["risk_areas"].sort(key=lambda row: json.dumps(row, sort_keys=True))
    return content
