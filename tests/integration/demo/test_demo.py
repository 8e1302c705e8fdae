"""The demo as started by its command, in its own state directory, with two of the seven cities."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import psycopg2.extensions
import pytest

from portal.demo.province import CITY_FILES, Province, city_files
from portal.demo.stage import Stage
from portal.demo.stories import Fate, Story
from portal.embedded import postgres
from portal.embedded.state import CHECKOUT, State
from tests.forked import start
from tests.integration.demo import commands as commands_in_one
from tests.own_database import waiting_for

PEOPLE, DAYS = 4_000, 6
CITIES = ("chengdu", "shanghai")
pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Place:
    """Where a demo of the tests' own lives."""

    state: Path
    cities: Path

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        # Without Django's checks of the pages, which Celery makes whenever a worker starts.
        return inherited | {"PORTAL_STATE": str(self.state), "CELERY_SKIP_CHECKS": "1"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=CHECKOUT, env=self.environment, capture_output=True, text=True, timeout=200, check=False
        )

    def run_each(self, *commands: Sequence[str]) -> list[str]:
        """Run the commands one after the other in one process. Return what each printed."""
        answer, log = self.state / "printed.json", self.state / "commands.txt"
        log.unlink(missing_ok=True)
        started = start(
            commands_in_one.__name__, str(answer), json.dumps(commands), log=log, environment=self.environment
        )
        assert started.wait(timeout=200) == 0, log.read_text(encoding="utf-8")
        printed: list[str] = json.loads(answer.read_text(encoding="utf-8"))
        return printed

    def exported(self, name: str, city: str) -> tuple[Path, list[str]]:
        """Return a file, and the command that exports the report to it."""
        file = self.state / f"{name} of {city}.jsonl"
        return file, ["export", name, "--city", city, "--format", "jsonl", "--output", str(file)]


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A folder with two city files, and a state directory that is stopped and removed at the end."""
    root = Path(tempfile.mkdtemp(prefix="portal demo "))
    root.chmod(0o711)
    place = Place(root / "state", root / "cities")
    shutil.copytree(CITY_FILES / "rules", place.cities / "rules")
    for city in CITIES:
        shutil.copy(CITY_FILES / f"{city}.toml", place.cities)
    yield place
    command = [sys.executable, "-m", "portal.embedded", "stop"]
    subprocess.run(command, cwd=CHECKOUT, env=place.environment, check=True)
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def first(place: Place) -> str:
    """What the first demo printed."""
    new = ["--people", str(PEOPLE), "--days", str(DAYS)]
    done = place.run("demo", *new, "--cities", str(place.cities), "--exit")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def disagreements(place: Place, first: str) -> dict[str, list[dict[str, object]]]:
    """Those of each city after the first demo."""
    exports = {city: place.exported("disagreements", city) for city in CITIES}
    place.run_each(*(command for _, command in exports.values()))
    return {city: read(file) for city, (file, _) in exports.items()}


def told(place: Place, city: str) -> Iterator[Story]:
    """The stories told to the city's people."""
    province = Province.load(State(place.state))
    assert province is not None
    file = next(one for one in city_files(place.cities) if one.city.schema_name == city)
    fate = Fate(Stage(file, province.opened, province.days))
    stories = (fate.story_of(number) for number in range(province.sizes[city]))
    return (story for story in stories if story is not None)


def planted(place: Place, city: str) -> Counter[str]:
    """Their causes."""
    return Counter(story.cause.value for story in told(place, city) if story.cause is not None)


def found(disagreements: list[dict[str, object]]) -> Counter[str]:
    """People by the primary causes of their pairs."""
    return Counter(
        cause
        for one in disagreements
        for cause in {pair["primary_cause"] for pair in one["pairs"]}  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize("city", CITIES)
def test_every_cause_that_was_planted_is_found_and_no_other(
    place: Place, disagreements: dict[str, list[dict[str, object]]], city: str
) -> None:
    assert found(disagreements[city]) == planted(place, city)
    assert sum(planted(place, city).values()) >= 5


def test_it_prints_what_came_of_the_day(first: str) -> None:
    assert "成都市 Chengdu: done." in first
    assert "3 providers, one source, one rule set – 0 disagreements from source, rules or freshness" in first
    assert "refused" not in first


def test_two_mass_changes_wait_for_two_people_and_a_case_goes_through(place: Place, first: str) -> None:
    (told,) = (line for line in first.splitlines() if line.startswith("上海市 Shanghai: partial."))
    assert told.count("held for two people") == 2
    codes, export = place.exported("codes", "shanghai")
    listed, _ = place.run_each(["decide_group", "--city", "shanghai"], export)
    assert ["would turn red, 0 green early" in listed, ": 0 would turn red" in listed] == [True, True]
    rules = Counter(rule for line in read(codes) for rule in line["rule_codes"])
    assert rules["N8"] > 40, "the flight is red until somebody decides"


def test_each_wrongly_displayed_colour_has_the_cause_that_was_planted(place: Place, first: str) -> None:
    """Wrong maps and unknown values by the stories; in Shanghai one earlier colour, of the case of the second delivery."""
    for city in CITIES:
        stories = Counter(story.display.value for story in told(place, city) if story.display)
        found = dict(rows(place, f"SELECT cause, count(*) FROM {city}.codes_displayfinding GROUP BY cause"))  # noqa: S608
        assert found == stories | ({"old": 1} if city == "shanghai" else {})
        assert min(stories.values()) >= 1
        assert stories["mapped_elsewhere"] >= 3, "fewer say nothing about a map"


def rows(place: Place, query: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(postgres.find(State(place.state)).urls().superuser)) as db, db.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def diagnoses(place: Place, city: str) -> list[tuple[Any, ...]]:
    """What is stored of each disagreeing pair."""
    return rows(
        place,
        f"SELECT citizen_id, colours::text, a_id, b_id, primary_cause, root_cause::text FROM {city}.codes_pairdiagnosis pair"  # noqa: S608
        f" JOIN {city}.codes_disagreement one ON one.id = pair.disagreement_id ORDER BY citizen_id, a_id, b_id",
    )


def test_each_day_of_the_past_has_its_scheduled_run_and_the_journal_accounts_for_all_of_it(
    place: Place, first: str
) -> None:
    for city in CITIES:
        scheduled = (
            f"SELECT DISTINCT day FROM {city}.codes_run WHERE started_by = 'system' AND state IN ('done', 'partial')"  # noqa: S608
        )
        assert len(rows(place, scheduled)) == DAYS
    # It verifies the journal first.
    place.run_each(*(["reconcile", "--city", city] for city in CITIES))


def test_the_past_has_an_outage_a_wrong_batch_a_flight_a_new_version_and_decided_cases(
    place: Place, first: str
) -> None:
    failed = "SELECT count(*) FROM chengdu.codes_runsource WHERE failed"
    assert rows(place, failed) == [(2,)]
    assert rows(place, "SELECT max(version) FROM chengdu.codes_rulesetversion") == [(2,)]
    held = "SELECT state, rule FROM shanghai.codes_heldgroup WHERE state <> 'held' ORDER BY 1, 2"
    assert rows(place, held) == [("refused", "N5"), ("released", "N8")]
    decided = (
        "SELECT count(*) > 2 FROM chengdu.codes_case WHERE closed_at < now() - interval '6 hours' AND assigned_to <> ''"
    )
    assert rows(place, decided) == [(True,)]


def test_other_commands_reach_its_sources_when_it_has_ended(place: Place, first: str) -> None:
    assert all("0 new" in collected for collected in place.run_each(*(["collect", "--city", city] for city in CITIES)))


@contextmanager
def staying(place: Place) -> Iterator[tuple["subprocess.Popen[str]", str, IO[str]]]:
    """A demo that has come to the point where it waits for its end, what it printed, and what it prints from there on."""
    command = [sys.executable, "manage.py", "demo", "--cities", str(place.cities)]
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=place.environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as demo:
        assert demo.stdout is not None
        try:
            printed = []
            for line in demo.stdout:
                printed.append(line)
                if "Ctrl+C ends the demo" in line:
                    break
            assert "Ctrl+C ends the demo" in printed[-1]
            yield demo, "".join(printed), demo.stdout
        except BaseException:
            demo.terminate()
            raise


def process_of(place: Place, name: str) -> int:
    (note,) = place.state.glob(f"run/{name}.pid")
    return int(note.read_text().split()[0])


def test_a_second_demo_changes_nothing_shows_its_pages_until_it_is_interrupted_and_leaves_no_worker(
    place: Place, first: str
) -> None:
    found = {city: diagnoses(place, city) for city in CITIES}
    assert all(found.values())
    with staying(place) as (demo, before, printed):
        assert before.count("nothing changed") == len(CITIES)
        assert "declarations and check-ins" not in before
        opened = before.partition("Open first:")[2]
        assert re.search(r"number \S{8,18}: one code", opened)
        assert re.search(r"case D\d{8}-\d{6}", opened)
        port = next(place.state.glob("run/demo-web-*.pid")).stem.removeprefix("demo-web-")
        page = httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": "chengdu.localhost"}, timeout=60)
        assert (page.status_code, "成都市" in page.text) == (200, True)
        children = [process_of(place, name) for name in ("demo-worker", "demo-beat", "demo-web-*")]
        demo.send_signal(signal.SIGINT)
        assert "The demo has ended" in printed.read()
    assert demo.returncode == 0
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
    assert {city: diagnoses(place, city) for city in CITIES} == found


def test_a_run_survives_the_restart_of_postgresql(place: Place, first: str) -> None:
    """Restarted while a worker is in a partition: nobody does anything, the run ends, and it says what it would have said."""
    found = diagnoses(place, "chengdu")
    said, code = recomputed_over_a_restart(place)
    assert code == 0, said
    assert "0 verdicts changed" in said
    place.run_each(["verify_journal", "--city", "chengdu"])
    assert diagnoses(place, "chengdu") == found


def recomputed_over_a_restart(place: Place) -> tuple[str, int]:
    """What a recomputation said, and how it ended, whose worker was held up in a partition when the server went away."""
    server = postgres.find(State(place.state))
    with closing(psycopg2.connect(server.urls().superuser)) as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLE chengdu.codes_verdictchange IN SHARE ROW EXCLUSIVE MODE")
        command = [sys.executable, "manage.py", "recompute", "--city", "chengdu", "--no-collect"]
        with subprocess.Popen(
            command, cwd=CHECKOUT, env=place.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as run:
            wait_until_held_up(cursor, "chengdu.codes_verdictchange")
            with server.state.locked(postgres.NAME):
                assert server.stop()
                server.start()
            with closing(psycopg2.connect(server.urls().superuser)) as hasty, hasty, hasty.cursor() as later:
                for table in ("partition", "run"):  # ten minutes pass
                    later.execute(
                        f"UPDATE chengdu.codes_{table} SET lease_until = lease_until - interval '10 minutes'"  # noqa: S608
                    )
            said, _ = run.communicate(timeout=120)
    return said, run.returncode


def wait_until_held_up(cursor: psycopg2.extensions.cursor, table: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if waiting_for(cursor, table):
            return
        time.sleep(0.1)
    pytest.fail("nobody was held up")


def test_run_stop_ends_a_demo_that_is_at_work_elsewhere(place: Place, first: str) -> None:
    with staying(place) as (demo, _, printed):
        command = [sys.executable, "-m", "portal.embedded", "stop"]
        stopped = subprocess.run(
            command, cwd=CHECKOUT, env=place.environment, capture_output=True, text=True, check=True
        )
        assert " demo," in stopped.stdout
        assert "The demo has ended" in printed.read()
    assert demo.returncode == 0


def test_no_log_of_workers_web_server_and_servers_has_anybodys_number(place: Place, first: str) -> None:
    """Their processes have lived through the days of all these people; errors of the servers quote statements."""
    wanted = {"worker.log", "server.log"}
    logs = {one: one.read_text(encoding="utf-8", errors="replace") for one in place.state.rglob("*.log")}
    assert {one.name for one, text in logs.items() if text} >= wanted
    province = Province.load(State(place.state))
    assert province is not None
    stages = [Stage(file, province.opened, province.days) for file in city_files(place.cities)]
    people = [person for stage in stages for person in province.population(stage)]
    assert len(people) == PEOPLE
    numbers = {number for person in people for number in (person.id_number, person.phone)}
    written = {word for text in logs.values() for word in re.findall(r"\w+", text)}
    assert numbers & written == set()
