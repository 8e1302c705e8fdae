"""The tables of a city file: keys, types and bounds. What refers to something else is checked in `reading`."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from regions.city_file.names import (
    AppId,
    BaseUrl,
    Code,
    DatabaseUrl,
    Division,
    Email,
    EnvironmentName,
    Host,
    Hotline,
    InterimPolicy,
    SchemaName,
    Secret,
    Text,
    TimeZone,
    Username,
    View,
)
from regions.toml_files import Day, Table, enum_value
from regions.vocabulary import DisplayedColour, FactKind, Recognition, Symptom

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Least = Annotated[int, Field(ge=1)]
# Far more than needed, and still within the range of dates.
MOST_HOURS = 10_000_000
MOST_MINUTES = 60 * 24 * 366
# Ten years, in days.
MOST_DAYS = 3660
# Per kind of source: the key that holds its credential, and the key that names a variable instead.
CREDENTIAL_KEYS = {"police_database": ("url", "url_env"), "big_data_centre": ("secret", "secret_env")}


class Title(Table):
    zh: Text
    en: Text


class City(Table):
    """The tenant itself. Changes of one cause are held above both `mass_change_share` of the registered and
    `mass_change_least` people; `recognition` is of other cities' passes."""

    schema_name: Annotated[SchemaName, Field(alias="schema")]
    name: Title
    division: Division
    host: Host
    timezone: TimeZone = "Asia/Shanghai"
    interim_policy: InterimPolicy = "strictest"
    mass_change_share: Share = 0.02
    mass_change_least: Least = 20
    second_look_share: Share = 0.05
    recognition: Annotated[Recognition, Field(strict=False), enum_value(Recognition)] = Recognition.LOOK_UP
    hotline: Hotline | None = None


class _Source(Table):
    """Common to both kinds of source. `kinds` maps the source's names of kinds to ours; `still` is its day for no end."""

    kind: str
    code: Code
    title: Title
    max_age_hours: Annotated[float, Field(gt=0, le=MOST_HOURS, allow_inf_nan=False)] = 26
    max_bad_share: Share = 0.05
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 1000
    kinds: dict[Text, Annotated[FactKind, Field(strict=False), enum_value(FactKind)]] = {}
    overlap_hours: Annotated[float, Field(ge=0, le=MOST_HOURS, allow_inf_nan=False)] = 24
    full_every_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 7
    still: Day | None = None
    retired: bool = False

    @property
    def max_age(self) -> timedelta:
        """How old the horizon may be before a verdict is unknown."""
        return timedelta(hours=self.max_age_hours)

    @property
    def credential(self) -> SecretStr | None:
        """Return the credential in the file itself, or ``None`` if it comes from the environment."""
        held: SecretStr | None = getattr(self, CREDENTIAL_KEYS[self.kind][0])
        return held

    @property
    def credential_env(self) -> str | None:
        name: str | None = getattr(self, CREDENTIAL_KEYS[self.kind][1])
        return name


class PoliceDatabase(_Source):
    """The city's police database, read by SQL."""

    kind: Literal["police_database"]
    url: DatabaseUrl | None = None
    url_env: EnvironmentName | None = None
    records_view: View
    clock_view: View


class BigDataCentre(_Source):
    """The provincial big-data centre, read by HTTP."""

    kind: Literal["big_data_centre"]
    base_url: Annotated[BaseUrl, Field(repr=False)]
    app_id: AppId
    secret: Secret | None = None
    secret_env: EnvironmentName | None = None


Source = Annotated[PoliceDatabase | BigDataCentre, Field(discriminator="kind")]


class Provider(Table):
    """An app that shows codes, bound to exactly one source and one rule set.

    `symptoms` maps its codes to ours, `display` the values it displays to our colours.
    """

    code: Code
    title: Title
    source: Code
    rule_set: Code
    symptoms: dict[Text, Annotated[Symptom, Field(strict=False), enum_value(Symptom)]] = {}
    display: dict[Text, Annotated[DisplayedColour, Field(strict=False), enum_value(DisplayedColour)]] = {}
    display_delay_minutes: Annotated[int, Field(ge=0, le=MOST_MINUTES)] = 10
    retired: bool = False


class RuleSetFile(Table):
    """One version of a rule set, by a file name relative to the city file; several versions may share a code, and so a title."""

    code: Code
    file: Text
    title: Title | None = None


class SecurityAdministrator(Table):
    """One of the first of a new city; the link to enrol goes to `email`."""

    username: Username
    name: Text
    email: Email


class Content(Table):
    city: City
    sources: Annotated[list[Source], Field(min_length=1)]
    providers: Annotated[list[Provider], Field(min_length=1)]
    rule_sets: Annotated[list[RuleSetFile], Field(min_length=1)]
    security_administrators: Annotated[list[SecurityAdministrator], Field(min_length=2)] = []
