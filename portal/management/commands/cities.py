"""``manage.py cities``: list the cities."""

from typing import Any

from portal.commands import CommandFailed, PortalCommand
from regions.models import City, Domain
from regions.tenancy import WrongSchema, all_schemas


class Command(PortalCommand):
    help = "Lists the cities: schema name, host name, name."

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            schemas = all_schemas()
        except WrongSchema as refusal:
            raise CommandFailed(str(refusal), code=2) from refusal
        hosts = dict(Domain.objects.filter(is_primary=True).values_list("tenant__schema_name", "domain"))
        names = dict(City.objects.values_list("schema_name", "name_zh"))
        for schema in schemas:
            self.stdout.write(f"{schema}\t{hosts.get(schema, '')}\t{names[schema]}")
        if not schemas:
            self.stdout.write("There is no city yet: manage.py open_city FILE.")
