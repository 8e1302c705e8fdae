"""New settings of a source, held to what a city file may say and to the operator's list of places."""

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from regions.city_file.shape import CREDENTIAL_KEYS, BigDataCentre, PoliceDatabase
from regions.faults import Fault
from regions.keys import vault
from regions.keys.sealing import SOURCE_CREDENTIAL
from regions.sources.collect import check_place
from regions.sources.connectors.delivery import SourceFault
from regions.sources.models import Source, SourceKind
from regions.toml_files import shape_faults

COMMON = ("max_age_hours", "max_bad_share", "page_size", "kinds")
# What people may change on a page. Where a credential is read from the environment is the operator's, in the city file.
CHANGEABLE: dict[str, tuple[str, ...]] = {
    SourceKind.POLICE_DATABASE: ("records_view", "clock_view", *COMMON),
    SourceKind.BIG_DATA_CENTRE: ("base_url", "app_id", *COMMON),
}
SHAPES: dict[str, type[PoliceDatabase | BigDataCentre]] = {
    SourceKind.POLICE_DATABASE: PoliceDatabase,
    SourceKind.BIG_DATA_CENTRE: BigDataCentre,
}


def differing(source: Source, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of the new values those that differ from what is in force. Raises ``KeyError`` for a column nobody may change."""
    foreign = values.keys() - set(CHANGEABLE[source.kind])
    if foreign:
        raise KeyError(f"not to be changed on a page: {', '.join(sorted(foreign))}")
    return {name: value for name, value in values.items() if getattr(source, name) != value}


def changed(source: Source, values: Mapping[str, Any], credential: bytes | None) -> Source:
    """The source as it would be; a copy that nobody saves. ``credential`` is sealed, none keeps the present one."""
    candidate = copy.copy(source)
    for name, value in values.items():
        setattr(candidate, name, value)
    if credential is not None:
        candidate.credential, candidate.credential_env = credential, ""
    return candidate


def seal(credential: str) -> bytes:
    """The credential as it is stored."""
    return vault.encrypt(credential, use=SOURCE_CREDENTIAL)


def settings_faults(source: Source, values: Mapping[str, Any], credential: str | None) -> list[Fault]:
    """What is wrong with the source as it would be, by the keys of a city file. No message repeats a value.

    The place is judged too, as far as it is new: the same guard as when it is collected.
    """
    key = CREDENTIAL_KEYS[source.kind][0]
    content: dict[str, Any] = {
        "code": source.code,
        "kind": source.kind,
        "title": {"zh": source.title_zh, "en": source.title_en},
        **{name: getattr(source, name) for name in CHANGEABLE[source.kind]},
        **values,
    }
    if credential is not None:
        content[key] = credential
    try:
        SHAPES[source.kind].model_validate(content)
    except ValidationError as error:
        return shape_faults(error, content)
    try:
        check_place(source.kind, base_url=content.get("base_url", ""), credential=credential)
    except SourceFault as fault:
        return [Fault("base_url" if source.kind == SourceKind.BIG_DATA_CENTRE else key, fault.reason, fault.parts)]
    return []
