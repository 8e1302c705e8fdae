"""House rules of the source code: where a city is entered, how errors are caught, which modules may read the clock."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.source import Function, Module, called_name, dotted, modules, place

LONGEST_FILE = 400
LONGEST_FUNCTION = 60

ENTERING = {"set_tenant", "set_schema", "set_schema_to_public", "schema_context", "tenant_context"}
MAY_ENTER = ("regions/tenancy.py", "regions/backend/")

CLOCKS = ("timezone.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "localdate")
MAY_READ_THE_CLOCK = {
    "codes/tasks.py",
    # A request is signed with the time at which it is sent, not with the run's instant.
    "regions/sources/connectors/big_data_centre.py",
}


# The module that interprets a missing row, and the modules that only store, count or close by existing rows.
MAY_READ_EFFECTIVE_CODES = {
    "codes/data_classes.py",
    "codes/effective.py",
    "codes/review/cases/run_effects.py",
    "codes/statistics.py",
    "portal/citizen/data/chapters.py",  # only names the table, as one that another chapter covers
}


def test_only_one_module_says_what_no_effective_code_means() -> None:
    found = [
        module.name
        for module in modules()
        if re.search(r"\bEffectiveCode\b|\bcodes_effectivecode\b", module.text) and "/models/" not in module.name
    ]
    assert set(found) <= MAY_READ_EFFECTIVE_CODES


def test_only_tenancy_changes_the_city_of_a_connection() -> None:
    found = [
        place(module, node)
        for module in modules()
        if not module.name.startswith(MAY_ENTER)
        for node in module.nodes
        if isinstance(node, ast.Attribute | ast.Name) and dotted(node).rpartition(".")[2] in ENTERING
    ]
    assert found == []


def test_a_task_of_all_cities_goes_on_when_one_fails() -> None:
    """Tasks use ``regions/each_city.py``: a plain loop would end at the first city whose database node is down."""
    found = [
        place(module, node.iter)
        for module in modules("codes", "portal")
        if module.name.endswith("/tasks.py")
        for node in module.nodes
        if isinstance(node, ast.For | ast.comprehension) and "schemas" in ast.unparse(node.iter)
    ]
    assert found == []


def test_domain_code_never_reads_the_clock() -> None:
    found = [
        place(module, node)
        for module in modules("codes", "regions")
        if module.name not in MAY_READ_THE_CLOCK
        for node in module.nodes
        if isinstance(node, ast.Attribute | ast.Name) and dotted(node).endswith(CLOCKS)
    ]
    assert found == []


COUNTS = {"n", "count"}
GROUPED_BY = ("localize", "number_format")


def test_every_count_in_a_sentence_is_grouped() -> None:
    """Numbers have thousand separators in sentences as in tables (``USE_THOUSAND_SEPARATOR``), which ``%d`` cannot give."""
    found = [
        place(module, value)
        for module in modules("portal", "codes")
        for node in module.nodes
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.right, ast.Dict)
        for key, value in zip(node.right.keys, node.right.values, strict=True)
        if isinstance(key, ast.Constant) and key.value in COUNTS
        if not (isinstance(value, ast.Call) and called_name(value).endswith(GROUPED_BY))
    ]
    assert found == []
    assert [module.name for module in modules() if re.search(r"%\((?:n|count)\)d", module.text)] == []


# After any failure in one city, the others go on.
CATCHES_EVERYTHING = "regions/each_city.py"


def test_no_error_is_caught_that_is_not_named() -> None:
    """A handler that raises the error again catches nothing."""
    catching = [(module, node) for module in modules() for node in module.nodes if catches_everything(node)]
    assert [place(module, node) for module, node in catching if module.name != CATCHES_EVERYTHING] == []
    assert [module.name for module, _ in catching] == [CATCHES_EVERYTHING]


def catches_everything(node: ast.AST) -> bool:
    everything = {"", "Exception", "BaseException"}
    if isinstance(node, ast.ExceptHandler):
        last = node.body[-1]
        if isinstance(last, ast.Raise) and last.exc is None:
            return False
        named = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        return any(one is None or dotted(one) in everything for one in named)
    if isinstance(node, ast.Call) and called_name(node).endswith("suppress"):
        return any(dotted(argument) in everything for argument in node.args)
    return False


def test_domain_code_starts_no_threads() -> None:
    """A connection, and the city it is in, belong to one thread.

    Two modules are exceptions: the thread that renews a lease does nothing else (ADR 36), and those that send messages do not
    use the database (ADR 44).
    """
    forbidden = {"threading", "concurrent", "multiprocessing", "asyncio"}
    found = [place(module, node) for module in modules("codes", "regions") for node in imported(module, forbidden)]
    assert [one for one in found if not one.startswith(("regions/attempts.py:", "regions/outgoing.py:"))] == []


def imported(module: Module, packages: set[str]) -> Iterator[ast.stmt]:
    for node in module.nodes:
        if isinstance(node, ast.Import) and any(one.name.partition(".")[0] in packages for one in node.names):
            yield node
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in packages:
            yield node


def test_imports_stand_at_the_top() -> None:
    found = [
        place(module, node)
        for module in modules()
        for function in module.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert found == []


def test_files_and_functions_fit_in_the_eye() -> None:
    long_files = [module.name for module in modules() if len(module.text.splitlines()) > LONGEST_FILE]
    assert long_files == []
    long_functions = [
        f"{place(module, function)} {function.name}"
        for module in modules()
        for function in module.functions()
        if lines(function) > LONGEST_FUNCTION
    ]
    assert long_functions == []


def lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
