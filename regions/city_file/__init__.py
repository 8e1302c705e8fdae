"""City files, by which an operator opens a city or changes its settings."""

from regions.city_file.reading import (
    CityFile,
    CityFileFaults,
    LocatedRuleSet,
    city_file_of,
    missing_environment,
    read_city_file,
)
from regions.city_file.shape import BigDataCentre, City, PoliceDatabase, Provider, Title
from regions.faults import Fault

__all__ = [
    "BigDataCentre",
    "City",
    "CityFile",
    "CityFileFaults",
    "Fault",
    "LocatedRuleSet",
    "PoliceDatabase",
    "Provider",
    "Title",
    "city_file_of",
    "missing_environment",
    "read_city_file",
]
