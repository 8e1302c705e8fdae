"""Cities exchange data by signed HTTP only: no module of ``codes.cities`` enters a city or reads data outside its own schema.

The exception is one function, called outside of any city: it writes the addresses of the other cities into each city's table.
"""

import ast

from tests.architecture.source import called_name, modules

ROOM = "codes/cities/"
ENTERING = {
    "in_city",
    "in_city_as_owner",
    "in_each",
    "for_each",
    "enqueue_found",
    "all_schemas",
    "set_tenant",
    "set_schema_to_public",
    "as_owner",
    "second_connection",
}
OUTSIDE = {"City", "Domain"}
ADDRESS_BOOK = ("codes/cities/neighbours.py", "note_neighbours")


def test_no_city_is_queried_from_another() -> None:
    found = set()
    for module in modules("codes"):
        if not module.name.startswith(ROOM):
            continue
        for function in module.functions():
            names = {called_name(node).rpartition(".")[2] for node in ast.walk(function) if isinstance(node, ast.Call)}
            names |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and node.id in OUTSIDE}
            if names & (ENTERING | OUTSIDE) or "cursor" in names:
                found.add((module.name, function.name))
    assert found == {ADDRESS_BOOK}
