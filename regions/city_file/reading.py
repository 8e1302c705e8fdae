"""A city file read whole, or every fault in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from regions.city_file.references import reference_faults
from regions.city_file.shape import CREDENTIAL_KEYS, BigDataCentre, City, Content, PoliceDatabase, Provider
from regions.file_faults import Fault, FileFaults, read_toml
from regions.file_shape import shape_faults
from regions.file_tables import Raw, tables


@dataclass(frozen=True, slots=True)
class LocatedRuleSet:
    """Where a version of a rule set lies, and the key of the city file that says so."""

    key: str
    code: str
    path: Path


@dataclass(frozen=True, slots=True)
class CityFile:
    """What a city is to be. Its repr holds no credential."""

    path: Path
    city: City
    sources: Sequence[PoliceDatabase | BigDataCentre]
    providers: Sequence[Provider]
    rule_sets: Sequence[LocatedRuleSet]


class CityFileFaults(FileFaults):
    """A city file that cannot be taken. `rule_sets` are those it does locate, so that their faults can be named too."""

    def __init__(self, path: Path, faults: Sequence[Fault], rule_sets: Sequence[LocatedRuleSet] = ()) -> None:
        """Keep what could be located despite the faults."""
        super().__init__(path, faults)
        self.rule_sets = list(rule_sets)


def read_city_file(path: Path) -> CityFile:
    """The city the file describes, or CityFileFaults with every fault and its key. The environment is not asked."""
    try:
        raw = read_toml(path)
    except FileFaults as error:
        raise CityFileFaults(path, error.faults) from None
    located = _located_rule_sets(raw, path)
    faults = reference_faults(raw, path)
    try:
        content = Content.model_validate(raw)
    except ValidationError as error:
        # `from None`: a traceback of the original error would be free to show what was in the file.
        raise CityFileFaults(path, [*shape_faults(error, raw), *faults], located) from None
    if faults:
        raise CityFileFaults(path, faults, located)
    return CityFile(path, content.city, content.sources, content.providers, located)


def missing_environment(city_file: CityFile, environ: Mapping[str, str]) -> list[Fault]:
    """The variables the sources name that are unset or empty, by the key that names them."""
    return [
        Fault(f"sources[{place}].{CREDENTIAL_KEYS[source.kind][1]}", f"names {name}, which is not set")
        for place, source in enumerate(city_file.sources)
        if (name := source.credential_env) is not None and not environ.get(name)
    ]


def _located_rule_sets(raw: Raw, path: Path) -> list[LocatedRuleSet]:
    """The rule-set files that are where the city file says."""
    named = ((place, table.get("code"), table.get("file")) for place, table in tables(raw, "rule_sets"))
    return [
        LocatedRuleSet(f"rule_sets[{place}].file", code, path.parent / file)
        for place, code, file in named
        if isinstance(code, str) and isinstance(file, str) and (path.parent / file).is_file()
    ]
