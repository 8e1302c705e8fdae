"""Read a whole city file and report every fault in it. References are checked here, the tables themselves by ``shape``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from regions.city_file.shape import (
    CREDENTIAL_KEYS,
    BigDataCentre,
    City,
    Content,
    PoliceDatabase,
    Provider,
    SecurityAdministrator,
    Title,
)
from regions.faults import Fault, FaultCode, FileFaults
from regions.toml_files import Raw, read_toml, repeated, shape_faults, tables, texts


@dataclass(frozen=True, slots=True)
class LocatedRuleSet:
    """The location of a rule-set version, and the key of the city file that names it."""

    key: str
    code: str
    path: Path


@dataclass(frozen=True, slots=True)
class CityFile:
    """The content of a city file. Its repr holds no credential."""

    path: Path
    city: City
    sources: Sequence[PoliceDatabase | BigDataCentre]
    providers: Sequence[Provider]
    rule_sets: Sequence[LocatedRuleSet]
    rule_set_titles: Mapping[str, Title]
    security_administrators: Sequence[SecurityAdministrator] = ()


class CityFileFaults(FileFaults):
    """Raised when a city file cannot be used. ``rule_sets`` are those that were found, so that their faults can be reported too."""

    def __init__(self, path: Path, faults: Sequence[Fault], rule_sets: Sequence[LocatedRuleSet] = ()) -> None:
        super().__init__(path, faults)
        self.rule_sets = list(rule_sets)


def read_city_file(path: Path) -> CityFile:
    """Return the city the file describes. Raises ``CityFileFaults`` with every fault and its key. The environment is not read."""
    try:
        raw = read_toml(path)
    except FileFaults as error:
        raise CityFileFaults(path, error.faults) from None
    return city_file_of(raw, path)


def city_file_of(raw: Raw, path: Path, *, is_file: Callable[[Path], bool] = Path.is_file) -> CityFile:
    """Return the city in a file's content. ``path`` is where the file would be, ``is_file`` returns whether a file it names exists."""
    located = _located_rule_sets(raw, path, is_file)
    faults = _reference_faults(raw, path, is_file)
    try:
        content = Content.model_validate(raw)
    except ValidationError as error:
        # `from None`: a traceback of the original error could show the content of the file.
        raise CityFileFaults(path, [*shape_faults(error, raw), *faults], located) from None
    if faults:
        raise CityFileFaults(path, faults, located)
    titles = {one.code: one.title for one in content.rule_sets if one.title}
    administrators = content.security_administrators
    return CityFile(path, content.city, content.sources, content.providers, located, titles, administrators)


def missing_environment(city_file: CityFile, environ: Mapping[str, str]) -> list[Fault]:
    """Return a fault for each environment variable that a source names and that is unset or empty."""
    return [
        Fault(f"sources[{place}].{CREDENTIAL_KEYS[source.kind][1]}", FaultCode.VARIABLE_NOT_SET, {"name": name})
        for place, source in enumerate(city_file.sources)
        if (name := source.credential_env) is not None and not environ.get(name)
    ]


def _located_rule_sets(raw: Raw, path: Path, is_file: Callable[[Path], bool]) -> list[LocatedRuleSet]:
    named = ((place, table.get("code"), table.get("file")) for place, table in tables(raw, "rule_sets"))
    return [
        LocatedRuleSet(f"rule_sets[{place}].file", code, path.parent / file)
        for place, code, file in named
        if isinstance(code, str) and isinstance(file, str) and is_file(path.parent / file)
    ]


def _reference_faults(content: Raw, path: Path, is_file: Callable[[Path], bool]) -> list[Fault]:
    """Return the faults of references: missing, repeated or contradictory ones."""
    return [
        *repeated(content, "sources", "code"),
        *_credential_faults(content),
        *repeated(content, "providers", "code"),
        *_binding_faults(content, "source", "sources", FaultCode.NAMES_NO_SOURCE),
        *_binding_faults(content, "rule_set", "rule_sets", FaultCode.NAMES_NO_RULE_SET),
        *_retired_faults(content),
        *_policy_faults(content),
        *repeated(content, "rule_sets", "file"),
        *repeated(content, "security_administrators", "username"),
        *repeated(content, "security_administrators", "email"),
        *_missing_files(content, path, is_file),
    ]


def _credential_faults(content: Raw) -> Iterator[Fault]:
    """Check that each source has its credential either in the file or in the environment, not both."""
    for place, source in tables(content, "sources"):
        kind = source.get("kind")
        if not isinstance(kind, str) or kind not in CREDENTIAL_KEYS:
            continue
        here, elsewhere = CREDENTIAL_KEYS[kind]
        if here in source and elsewhere in source:
            yield Fault(f"sources[{place}].{here}", FaultCode.TWO_CREDENTIALS, {"other": elsewhere})
        if here not in source and elsewhere not in source:
            params = {"variable": elsewhere, "credential": here}
            yield Fault(f"sources[{place}].{elsewhere}", FaultCode.NO_CREDENTIAL, params)


def _binding_faults(content: Raw, key: str, name: str, code: FaultCode) -> Iterator[Fault]:
    """Check that each provider names a source or rule set of this file."""
    known = {code for _, code in texts(content, name, "code")}
    for place, named in texts(content, "providers", key):
        if named not in known:
            yield Fault(f"providers[{place}].{key}", code)


def _retired_faults(content: Raw) -> Iterator[Fault]:
    """Check that no provider in use is bound to a retired source."""
    over = {place for place, one in tables(content, "sources") if one.get("retired") is True}
    retired = {code for place, code in texts(content, "sources", "code") if place in over}
    current = {place for place, one in tables(content, "providers") if one.get("retired") is not True}
    for place, named in texts(content, "providers", "source"):
        if place in current and named in retired:
            yield Fault(f"providers[{place}].source", FaultCode.NAMES_RETIRED_SOURCE)


def _policy_faults(content: Raw) -> Iterator[Fault]:
    """Check that the provider preferred by the interim policy exists."""
    city = content.get("city")
    policy = city.get("interim_policy") if isinstance(city, dict) else None
    if isinstance(policy, str) and policy.startswith("prefer:"):
        preferred = policy.removeprefix("prefer:")
        if preferred and preferred not in {code for _, code in texts(content, "providers", "code")}:
            yield Fault("city.interim_policy", FaultCode.PREFERS_NO_PROVIDER)


def _missing_files(content: Raw, path: Path, is_file: Callable[[Path], bool]) -> Iterator[Fault]:
    for place, name in texts(content, "rule_sets", "file"):
        if name.strip() and not is_file(path.parent / name):
            yield Fault(f"rule_sets[{place}].file", FaultCode.FILE_NOT_THERE)
