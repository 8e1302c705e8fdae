"""A city written by the contracts alone: its exports equal the oracle's, row by row."""

import json
from dataclasses import dataclass
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from psycopg2.extensions import connection

from tests.integration.outsider.people import NOW, PROVIDERS, SOURCES, WORDS, ZONE, tell
from tests.integration.outsider.rules import TODAY, VERSIONS, as_toml
from tests.integration.outsider.sources import SECRET, centre, write_police_database
from tests.oracle import World, diagnose, disagreements, effective, turns_green_on, verdict

SEED = 7
CITY = "tianshan_north"
NAMED = '{ zh = "天山北", en = "Tianshan North" }'


@dataclass(frozen=True)
class Exported:
    """The oracle's world of the city, and the rows of its two reports."""

    world: World
    codes: list[dict[str, Any]]
    disagreements: list[dict[str, Any]]
    said: str


def run(*arguments: str) -> tuple[int, str]:
    """A command as people run it: how it ended and what it said."""
    out = StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=out)
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()


def city_file(folder: Path, base_url: str) -> Path:
    words = ", ".join(f'"{word}" = "{kind}"' for kind, word in WORDS.items())
    text = f"""
[city]
schema = "{CITY}"
name = {NAMED}
division = "650100"
host = "tianshan.example.localhost"
timezone = "{ZONE.key}"
interim_policy = "freshest"

[[sources]]
code = "ledger"
kind = "police_database"
title = {NAMED}
url_env = "TIANSHAN_LEDGER"
records_view = "jkm_records"
clock_view = "jkm_clock"
max_age_hours = 30
kinds = {{ {words} }}
"""
    for code in ("hub", "annex"):
        hours = int(SOURCES[code][0].total_seconds() // 3600)
        text += f'[[sources]]\ncode = "{code}"\nkind = "big_data_centre"\ntitle = {NAMED}\nbase_url = "{base_url}"\n'
        text += f'app_id = "{code}"\nsecret_env = "TIANSHAN_SECRET"\npage_size = 7\nmax_age_hours = {hours}\n'
    for one in PROVIDERS:
        text += f'[[providers]]\ncode = "{one.code}"\ntitle = {NAMED}\n'
        text += f'source = "{one.source}"\nrule_set = "{one.rule_set}"\n'
    for version in VERSIONS:
        name = f"{version.code}.{version.version}.toml"
        (folder / name).write_text(as_toml(version), encoding="utf-8")
        text += f'[[rule_sets]]\ncode = "{version.code}"\nfile = "{name}"\n'
    path = folder / "city.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def exported(owner: connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exported:
    """The whole way, by commands only."""
    told = tell(SEED)
    spoilt = [{**told.records["ledger"][0], "record_id": "x", "id_number": "650102199912310000"}]
    url = write_police_database(tmp_path / "p.db", told.records["ledger"] + spoilt, as_of=SOURCES["ledger"][1])
    lines = [*told.lines, told.lines[0], {**told.lines[1], "healthy": "no"}, {**told.lines[-1], "provider": "wechat"}]
    entries, codes, differing = (tmp_path / f"{name}.jsonl" for name in ("entries", "codes", "disagreements"))
    entries.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    monkeypatch.setenv("TIANSHAN_LEDGER", url)
    monkeypatch.setenv("TIANSHAN_SECRET", SECRET)
    shares = {code: (told.records[code], SOURCES[code][1]) for code in ("hub", "annex")}
    with centre(shares) as base_url:
        ended, said = run("open_city", str(city_file(tmp_path, base_url)))
        assert ended == 0, said
        ended, said = run("import_entries", "--city", CITY, str(entries))
        assert (ended, f"{len(told.lines)} accepted, 1 duplicate, 2 refused" in said) == (4, True), said
        ended, said = run("recompute", "--city", CITY, "--here")
        assert ended == 0, said
    run("add_staff", "--city", CITY, "lin", "--role", "auditor")
    options = ["--city", CITY, "--format", "jsonl", "--identify", "--by", "lin", "--purpose", "an outsider's trial"]
    for report, file in (("codes", codes), ("disagreements", differing)):
        ended, said = run("export", report, *options, "--output", str(file))
        assert ended == 0, said
    return Exported(told.world(), rows_of(codes), rows_of(differing), said)


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_every_row_is_the_oracles(exported: Exported) -> None:
    world = exported.world
    assert codes_of(exported.codes) == codes_by(world)
    assert disagreements_of(exported.disagreements) == disagreements_by(world)
    states = {row["state"] for row in exported.codes}
    assert states == {"red", "yellow", "green", "unknown"}
    reasons = {row["effective_because"] for row in exported.codes}
    assert reasons == {"agreement", "policy", "held"}, "one source is silent"
    causes = {pair["primary_cause"] for row in exported.disagreements for pair in row["pairs"]}
    assert {"source", "rules", "declaration"} <= causes, "or the trial tries little"


def codes_of(rows: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[Any, ...]]:
    found = {}
    for row in rows:
        version = row["rule_set"], row["rule_set_version"], row["horizon"]
        effective_code = row["effective"], row["effective_because"]
        shown = row["day"], row["state"], row["rule_codes"], row["turns_green_on"], *version, *effective_code
        found[row["id_number"], row["provider"]] = shown
    assert len(found) == len(rows)
    return found


def codes_by(world: World) -> dict[tuple[str, str], tuple[Any, ...]]:
    found = {}
    for citizen, provider in world.registered_at:
        told = verdict(world, citizen, provider, TODAY, NOW)
        channel = world.provider(provider)
        green_on = turns_green_on(world, citizen, provider, TODAY, NOW) if told.hits else None
        found[citizen, provider] = (
            TODAY.isoformat(),
            told.state,
            sorted({hit.rule_code for hit in told.hits}),
            green_on.isoformat() if green_on else None,
            channel.rule_set,
            {"north": 2, "south": 1}[channel.rule_set],
            SOURCES[channel.source][1].astimezone(ZONE).isoformat(),
            *effective(world, citizen, TODAY, NOW),
        )
    return found


def disagreements_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        row["id_number"]: (row["colours"], row["effective"], row["effective_because"], pairs_of(row["pairs"]))
        for row in rows
    }


def pairs_of(pairs: list[dict[str, Any]]) -> dict[frozenset[str], Any]:
    """By the two providers; which of them is called a is not the contract's business."""
    found = {}
    for pair in pairs:
        swaps = {
            pair["a"]: frozenset(map(frozenset, pair["swaps_a_to_b"])),
            pair["b"]: frozenset(map(frozenset, pair["swaps_b_to_a"])),
        }
        found[frozenset(swaps)] = pair["primary_cause"], swaps
    return found


def disagreements_by(world: World) -> dict[str, Any]:
    found = {}
    for one in disagreements(world, TODAY, NOW):
        pairs = {}
        for a, b in combinations(sorted(one.colours), 2):
            if one.colours[a] != one.colours[b]:
                told = diagnose(world, one.citizen, a, b, TODAY, NOW)
                pairs[frozenset((a, b))] = told.primary_cause, {a: told.swaps_a_to_b, b: told.swaps_b_to_a}
        found[one.citizen] = (one.colours, *effective(world, one.citizen, TODAY, NOW), pairs)
    return found
