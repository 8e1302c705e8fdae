"""Replaying the journal: after busy days nothing differs, and changes by the owner of the tables are found and named."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import psycopg2.extensions
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from codes.citizens.joining import join_people
from codes.key_rotation import rotate_keys
from codes.models import Case, Citizen, Provider, RuleSet, RuleSetVersion, Ruling, Suppression
from codes.reconcile import reconcile, settings_of
from codes.review.appeals import appeals
from codes.review.cases.queue import CaseFilter
from codes.review.proposals import bulk_rulings, bulk_suppressions, rulings, suppressions
from codes.rule_sets.drafts import content_of
from codes.rule_sets.publish import publish
from codes.rule_sets.version_file import canonical_digest, judged
from regions.identity import Identity
from regions.journal.checkpoints import write_checkpoint
from regions.journal.playback import take_stock
from regions.journal.record import record
from regions.keys.encryption import encrypt_number, identity_hash
from regions.models import City
from regions.sources import changes
from regions.sources.models import Source
from regions.staff import changes as staff_changes
from regions.staff.models import Account
from regions.staff.roles import Role
from regions.tenancy import as_owner, city_named, in_city, in_city_as_owner
from regions.vocabulary import IdType
from tests.integration.review.desk import EVIDENCE, Desk, hire, open_desk

REDS = [f"red{number}" for number in range(4)]
PEOPLE = dict.fromkeys(["zhang", "chen", "liu", *REDS], "spacetime_overlap") | {"ma": "arrival", "he": "arrival"}
CARD = "93184019850315001X"


class Busy:
    """Two days of a city in a database of the test's own, and what its journal does not account for."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._inside = ExitStack()
        self.enter()
        with transaction.atomic():
            self.desk = self._opened()

    def enter(self) -> None:
        self._inside.enter_context(in_city("beta"))

    def leave(self) -> City:
        self._inside.close()
        return city_named("beta")

    def differences(self) -> list[str]:
        settings = settings_of(self.leave())
        self.enter()
        return [str(one) for one in reconcile(settings)]

    def _opened(self) -> Desk:
        for model in (Provider, RuleSetVersion, RuleSet, Source):
            model._default_manager.all().delete()
        desk = open_desk(PEOPLE, now=self.now)
        hire("zhou", Role.SECURITY_ADMIN, now=self.now)
        hire("zheng", Role.SECURITY_ADMIN, now=self.now)
        hire("qian", Role.SOURCE_MANAGER, now=self.now)
        for version in RuleSetVersion.objects.all():
            RuleSetVersion.objects.filter(pk=version.pk).update(digest=canonical_digest(content(version)))
        record("tested", by="tests", now=self.now)
        return desk

    def first_day(self) -> None:
        """Rulings of all ends, by one and by many; records ruled wrong, by one and by many; a case appealed and taken back."""
        desk = self.desk
        who: dict[str, Any] = {"now": self.now}
        kept = desk.propose("zhang")
        desk.approve(kept)
        rulings.refuse(ruling_id=desk.propose("chen").pk, reason_code="evidence_thin", by="wang", **who)
        rulings.withdraw_proposal(ruling_id=desk.propose("chen").pk, by="li", **who)
        ended = desk.approve(desk.propose("liu"))
        rulings.propose_end(ruling_id=ended.pk, reason_code="newer_facts", reason="x", by="li", **who)
        rulings.approve_end(ruling_id=ended.pk, by="wang", **who)
        alike: dict[str, Any] = {"reason_code": "older_data", "documents": EVIDENCE, "by": "li", **who}
        soon = self.now.date() + timedelta(days=2)
        bulk_rulings.propose_many(chosen=CaseFilter(severity="yellow"), colour="green", expires_on=soon, **alike)
        waiting = list(Ruling.objects.waiting().values_list("pk", flat=True))
        bulk_rulings.approve_many(ruling_ids=waiting, by="wang", **who)
        asked: dict[str, Any] = {"reason_code": "never_happened", "evidence": EVIDENCE, "by": "li", **who}
        wrong = suppressions.propose_suppression(fact_id=desk.fact("chen").pk, **asked)
        suppressions.approve_suppression(suppression_id=wrong.pk, by="wang", **who)
        suppressions.propose_suppression(fact_id=desk.fact("liu").pk, **asked)
        key = Case.objects.open().exclude(group_key="").values_list("group_key", flat=True)[0]
        many = bulk_suppressions.propose_bulk_suppression(
            key=key, reason_code="bad_batch", documents=EVIDENCE, by="li", **who
        )
        bulk_suppressions.approve_bulk_suppression(bulk_suppression_id=many.pk, by="wang", **who)
        filed = desk.appeal("liu")
        desk.propose("liu", kind="appeal")
        appeals.withdraw(case_id=filed.case_id, by="citizen:liu", **who)

    def second_day(self) -> None:
        """Settings, staff, rules and keys change; rulings end by their day and by a new record; two prove to be one person."""
        desk, later = self.desk, self.now + timedelta(days=2, hours=1)
        source = Source.objects.get(code="bigdata")
        values = {"retired": True, "records_view": "records", "clock_view": "clock"}
        change = changes.propose(
            source_id=source.pk, values=values, credential=None, effect={}, reason="x", by="qian", now=later
        )
        changes.put_in_force(change.pk, by="wang", now=later)
        wu, sun = (Account.objects.get(username=name).pk for name in ("wu", "sun"))
        other = staff_changes.propose_roles(wu, roles=[Role.APPROVER], reason="x", by="zhou", now=later)
        staff_changes.confirm(other.pk, by="zheng", now=later)
        staff_changes.close_account(sun, by="zhou", now=later)
        version = content(RuleSetVersion.objects.get())
        publish(version.model_copy(update={"version": 2, "effective_from": later.date()}), by="system", now=later)
        rotate_keys(by="system", now=later)
        Citizen.objects.update(id_type=IdType.RESIDENT_ID)  # whose stored numbers are not looked into
        for name, id_type in (("ma", IdType.RESIDENT_ID), ("he", IdType.FOREIGN_RESIDENCE)):
            identity = Identity(id_type, CARD)
            found = {"id_type": id_type, "id_hash": identity_hash(identity), "id_encrypted": encrypt_number(identity)}
            Citizen.objects.filter(ref=name).update(**found)
        self.leave()
        with as_owner(), in_city_as_owner("beta"):
            assert len(join_people(by="system", now=later).pairs) == 1
        self.enter()
        desk.tell("zhang", "confirmed_case")
        desk.run(later)


def content(version: RuleSetVersion) -> Any:
    found, faults = judged(content_of(version))
    assert found, faults
    return found


@pytest.fixture
def busy(owner: psycopg2.extensions.connection, now: datetime) -> Iterator[Busy]:
    city = Busy(now)
    yield city
    city.leave()


# What is done with the owner's hand → the words of what is found.
TAMPERED = {
    "a role is given": (
        (
            "INSERT INTO staff_rolegrant (account_id, role, granted_by, granted_at, revoked_by)"
            " SELECT id, 'auditor', 'zhou', now(), '' FROM staff_account WHERE username = 'zhao'"
        ),
        r"staff_rolegrant \d+ stands; no entry says who made it",
    ),
    "a withdrawn role is given back": (
        "UPDATE staff_rolegrant SET revoked_by = '', revoked_at = NULL WHERE revoked_by <> ''",
        r"staff_rolegrant \d+: revoked_at is None; by entry \d+ it is 2026-11-26T",
    ),
    "a closed account is opened": (
        "UPDATE staff_account SET is_active = true WHERE username = 'sun'",
        r"staff_account \d+: is_active is True; by entry \d+ it is False",
    ),
    "a ruling's colour": (
        "UPDATE codes_ruling SET colour = 'yellow' WHERE id = (SELECT min(id) FROM codes_ruling)",
        r"codes_ruling \d+: colour is yellow; by entry \d+ it is green",
    ),
    "an ended ruling is in force": (
        "UPDATE codes_ruling SET state = 'approved' WHERE ended_by = 'wang'",
        r"codes_ruling \d+: state is approved; by entry \d+ it is ended",
    ),
    "a suppression is gone": (
        "DELETE FROM codes_suppression WHERE state = 'proposed'",
        r"codes_suppression \d+ is gone; by entry \d+ it stands",
    ),
    "a suppressed record": (
        "UPDATE codes_suppression SET record_id = record_id || 'x' WHERE state = 'proposed'",
        r"codes_suppression \d+: record_id is [0-9a-f]{64}; by entry \d+ it is [0-9a-f]{64}",
    ),
    "a bulk suppression": (
        "UPDATE codes_bulksuppression SET proposed_by = 'wu'",
        r"codes_bulksuppression \d+: proposed_by is wu; by entry \d+ it is li",
    ),
    "a source is collected again": (
        "UPDATE sources_source SET retired = false WHERE code = 'bigdata'",
        r"sources_source \d+: retired is False; by entry \d+ it is True",
    ),
    "a provider's delay": (
        "UPDATE codes_provider SET display_delay_minutes = 99 WHERE code = 'wechat'",
        r"codes_provider \d+: display_delay_minutes is 99; by entry \d+ it is 10",
    ),
    "the city's limit": (
        "UPDATE public.regions_city SET mass_change_least = 9999 WHERE schema_name = 'beta'",
        r"regions_city \d+: mass_change_least is 9999; by entry \d+ it is \d+",
    ),
    "the city's host": (
        "UPDATE public.regions_domain SET domain = 'other.example' WHERE domain = 'beta.localhost'",
        r"regions_domain \d+: domain is other.example; by entry \d+ it is beta.localhost",
    ),
    "a version's first day": (
        "UPDATE codes_rulesetversion SET effective_from = effective_from + 9 WHERE version = 2",
        r"codes_rulesetversion \d+: effective_from is 2026-12-05; by entry \d+ it is 2026-11-26",
    ),
    "a rule": (
        "UPDATE codes_rule SET hold_days = hold_days + 1 WHERE id = (SELECT min(id) FROM codes_rule WHERE hold_days > 0)",
        r"rule_set:national-2: its rules or risk areas are not those that were published",
    ),
    "a key": (
        "UPDATE keys_citykey SET retired_at = retired_at + interval '1 day' WHERE purpose = 'pass' AND retired_at IS NOT NULL",
        r"keys_citykey \d+: retired_at is .*; by entry \d+ it is ",
    ),
    "what a run changed": (
        "UPDATE codes_verdictchange SET turns_green_on = '2027-01-01' WHERE id = (SELECT min(id) FROM codes_verdictchange)",
        r"run:\d+/\d+: its \d+ changed verdicts are not those of entry \d+|run:\d+: its \d+ changed",
    ),
    "a change is gone": (
        "DELETE FROM codes_verdictchange WHERE id = (SELECT min(id) FROM codes_verdictchange)",
        r"run:\d+(/\d+)?: its \d+ changed verdicts are not those of entry \d+",
    ),
    "a person's colour": (
        (
            "UPDATE codes_verdict SET colour = 'yellow' WHERE colour = 'red' AND citizen_id IN"
            " (SELECT id FROM codes_citizen WHERE ref = 'zhang')"
        ),
        r"citizen:zhang with wechat \(run:\d+\): yellow stands; by the last run that changed it, it is red",
    ),
    "a person's code": (
        "UPDATE codes_effectivecode SET colour = 'yellow' WHERE colour = 'red' AND because <> 'ruling'",
        r"citizen:\w+: the code yellow \((\w+)\) stands; the verdicts and the rulings give red \(\1\)",
    ),
    "a code as if by a ruling": (
        "UPDATE codes_effectivecode SET colour = 'green', because = 'ruling' WHERE colour = 'red'",
        r"citizen:zhang: the code green \(ruling\) stands; the verdicts and the rulings give red \(agreement\)",
    ),
    "a code by nothing": (
        (
            "INSERT INTO codes_effectivecode (citizen_id, colour, because, since) SELECT id, 'red', 'agreement', now()"
            " FROM codes_citizen WHERE id NOT IN (SELECT citizen_id FROM codes_effectivecode) ORDER BY id LIMIT 1"
        ),
        r"citizen:\w+: the code red \(agreement\) stands; the verdicts and the rulings give green \(agreement\)",
    ),
    "a person's colour is gone": (
        "DELETE FROM codes_verdict WHERE citizen_id IN (SELECT id FROM codes_citizen WHERE ref = 'zhang')",
        r"citizen:zhang with wechat \(run:\d+\): green stands; by the last run that changed it, it is red",
    ),
}


def test_busy_days_leave_no_difference_and_every_change_past_the_application_is_found(
    busy: Busy, owner: psycopg2.extensions.connection
) -> None:
    assert busy.differences() == []
    busy.first_day()
    assert busy.differences() == []
    busy.second_day()
    assert busy.differences() == []
    assert {*Ruling.objects.values_list("state", flat=True)} >= {"approved", "ended", "refused", "withdrawn"}
    assert Ruling.objects.exclude(suspended_at=None).exists()
    assert {*Suppression.objects.values_list("state", flat=True)} == {"proposed", "approved"}
    write_checkpoint(now=busy.now)

    busy.leave()
    unseen = {}
    with as_owner(), in_city_as_owner("beta") as city:
        for name, (statement, words) in TAMPERED.items():
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
                assert cursor.rowcount, name
                found = [str(one) for one in reconcile(settings_of(city))]
                transaction.set_rollback(True)
            if not any(re.match(words, one) for one in found):
                unseen[name] = found
    assert unseen == {}

    out = StringIO()
    call_command("reconcile", "--city", "beta", stdout=out)
    assert "What stands is what the journal says" in out.getvalue()
    with owner.cursor() as cursor:
        cursor.execute("UPDATE beta.codes_ruling SET expires_on = expires_on + 9 WHERE state = 'approved'")
    with pytest.raises(CommandError) as failed:
        call_command("reconcile", "--city", "beta", stdout=out)
    assert failed.value.returncode == 6
    assert "expires_on is " in out.getvalue()
    busy.enter()


def test_a_city_of_before_is_taken_into_the_journal_once_as_it_stands(owner: psycopg2.extensions.connection) -> None:
    with owner.cursor() as cursor:
        cursor.execute("DELETE FROM alpha.journal_journalentry")
    with in_city("alpha"):
        assert {str(one) for one in reconcile({})} > {"sources_source 1 stands; no entry says who made it"}
        assert "codes_ruling" in take_stock(by="system", now=datetime.now(UTC))
        assert list(reconcile({})) == []
        assert take_stock(by="system", now=datetime.now(UTC)) == []
