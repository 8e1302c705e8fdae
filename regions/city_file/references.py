"""What in a city file refers to something else: codes to each other, files to the disk, a credential to one place."""

from collections.abc import Iterator
from pathlib import Path

from regions.city_file.shape import CREDENTIAL_KEYS
from regions.file_faults import Fault
from regions.file_tables import Raw, repeated, tables, texts


def reference_faults(content: Raw, path: Path) -> list[Fault]:
    """Everything that refers to nothing, twice, or to two things at once."""
    return [
        *repeated(content, "sources", "code"),
        *_credential_faults(content),
        *repeated(content, "providers", "code"),
        *_binding_faults(content, "source", "sources"),
        *_binding_faults(content, "rule_set", "rule_sets"),
        *_policy_faults(content),
        *repeated(content, "rule_sets", "file"),
        *_missing_files(content, path),
    ]


def _credential_faults(content: Raw) -> Iterator[Fault]:
    """A credential comes from the file or from the environment: exactly one of the two."""
    for place, source in tables(content, "sources"):
        kind = source.get("kind")
        if not isinstance(kind, str) or kind not in CREDENTIAL_KEYS:
            continue
        here, elsewhere = CREDENTIAL_KEYS[kind]
        if here in source and elsewhere in source:
            yield Fault(f"sources[{place}].{here}", f"cannot stand beside {elsewhere}: give one of the two")
        if here not in source and elsewhere not in source:
            yield Fault(f"sources[{place}].{elsewhere}", f"is missing: give {elsewhere} or {here}")


def _binding_faults(content: Raw, key: str, name: str) -> Iterator[Fault]:
    """Each provider is bound to a source and a rule set of this very file."""
    known = {code for _, code in texts(content, name, "code")}
    for place, code in texts(content, "providers", key):
        if code not in known:
            yield Fault(f"providers[{place}].{key}", f"names none of the {name} of this file")


def _policy_faults(content: Raw) -> Iterator[Fault]:
    """A preferred provider must be there."""
    city = content.get("city")
    policy = city.get("interim_policy") if isinstance(city, dict) else None
    if isinstance(policy, str) and policy.startswith("prefer:"):
        preferred = policy.removeprefix("prefer:")
        if preferred and preferred not in {code for _, code in texts(content, "providers", "code")}:
            yield Fault("city.interim_policy", "prefers none of the providers of this file")


def _missing_files(content: Raw, path: Path) -> Iterator[Fault]:
    for place, name in texts(content, "rule_sets", "file"):
        if name.strip() and not (path.parent / name).is_file():
            yield Fault(f"rule_sets[{place}].file", "is not there: names are relative to the city file")
