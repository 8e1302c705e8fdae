"""deploy/ agrees with the portal and with docs/operations.md: environment variables, processes and systemd units."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from portal.crowding import WAITING_PER_THREAD
from portal.management.commands.draw_crowded import FILE, configuration
from tests.architecture.source import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
OPERATIONS = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
# The variables without which production does not start.
NEEDED = {
    "SECRET_KEY",
    "KEY_ENCRYPTION_KEY",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "CELERY_BROKER_URL",
}
# The variables of the images of PostgreSQL and RabbitMQ, and of roles.sql.
OF_SERVERS = {
    *("POSTGRES_PASSWORD", "RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS"),
    *("PORTAL_OWNER_PASSWORD", "PORTAL_APP_PASSWORD"),
}
OF_THE_IMAGE = {"PATH", "PYTHON", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def listed() -> set[str]:
    """Return the variables in the table of environment variables."""
    return set(re.findall(r"^\| `([A-Z_]+)` \|", OPERATIONS, re.MULTILINE))


def set_in(name: str) -> set[str]:
    """Return the variables that a file of deploy/ sets."""
    return set(re.findall(r"(?:^|\s)([A-Z][A-Z_]+)[=:]", re.sub(r"#.*", "", text(name))))


@pytest.mark.parametrize(
    ("name", "beside"),
    [("environment.example", set()), ("servers.environment.example", OF_SERVERS), ("Dockerfile", OF_THE_IMAGE)]
    + [(unit.name, set()) for unit in sorted(DEPLOY.glob("*.service"))],
)
def test_every_variable_is_in_the_list_of_operations(name: str, beside: set[str]) -> None:
    assert set_in(name) - beside - listed() == set()


def test_compose_sets_no_variable_that_is_in_no_list() -> None:
    assert set_in("compose.yaml") - {"CMD", "ALL"} - listed() == set()


def test_what_production_needs_is_in_the_example() -> None:
    assert set_in("environment.example") >= NEEDED


@pytest.mark.parametrize(
    "name", ["compose.yaml", "portal-worker@.service", "../docs/operations.md", "../portal/workers.py"]
)
def test_no_worker_has_beat_in_it(name: str) -> None:
    """A beat inside the worker would end together with it, and nothing would then sweep the work that was interrupted."""
    commands = [line for line in text(name).splitlines() if re.search(r"celery.*worker|worker --pool", line)]
    assert commands
    assert [line for line in commands if re.search(r"(--beat|\s-B)\b", line)] == []


@pytest.mark.parametrize("process", ["portal.web_server", "worker", "beat"])
def test_units_and_compose_start_what_operations_says(process: str) -> None:
    """They start the same program with the same options. The values of the options may differ."""
    unit = {"portal.web_server": "portal-web@.service"}.get(
        process, f"portal-{process}{'@' * (process == 'worker')}.service"
    )
    [of_unit] = [line for line in text(unit).splitlines() if line.startswith("ExecStart=")]
    [of_compose] = [line for line in text("compose.yaml").splitlines() if "command:" in line and f'"{process}"' in line]
    [of_page] = [
        line for line in OPERATIONS.splitlines() if re.match(rf"(celery|python) .*{re.escape(process)} --", line)
    ]
    behind_proxy = {"--proxy"}  # in compose.yaml, the proxy runs on another machine
    assert options(of_unit) == options(of_page) == options(of_compose) - behind_proxy


def options(line: str) -> set[str]:
    return set(re.findall(r"--[a-z]+", line))


def test_systemd_reads_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed, so the units are not verified")
    for unit in DEPLOY.glob("*.service"):
        here = unit.read_text(encoding="utf-8").replace("/srv/portal/.venv/bin", str(Path(sys.executable).parent))
        (tmp_path / unit.name).write_text(here, encoding="utf-8")
    units = sorted(map(str, tmp_path.glob("*.service")))
    assert len(units) == 3
    verify = [analyze, "verify", "--man=no", *units]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["nginx-upstream.conf", "nginx-standby.conf", "compose.yaml"])
def test_the_proxy_hands_a_web_server_as_many_requests_as_it_takes(name: str) -> None:
    [threads] = re.findall(r"--threads (\d+)", text("portal-web@.service"))
    servers = re.findall(r"^ +server (\S+)(?: max_conns=(\d+))?;", text(name), re.MULTILINE)
    assert servers
    assert {int(most or 0) for _, most in servers} == {int(threads) * (1 + WAITING_PER_THREAD)}


def test_the_proxy_says_what_the_web_server_says() -> None:
    assert FILE.read_text(encoding="utf-8") == configuration(), "run ./run manage draw_crowded"
