"""Two people of Chongqing who are red in Chengdu by a record that Chongqing passed on: one correction open, one decided.

They live in Chongqing and have declared in Chengdu, whose police database has the records of Chongqing's. A reviewer of Chengdu
asks Chongqing to correct both records, each with a picture as evidence. Two officials of Chongqing rule that one of them is wrong,
and Chengdu's copy is cleared.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont

from codes.cities.corrections import ISSUED_BY, ISSUED_ID, open_correction
from codes.cities.evidence import KEPT
from codes.cities.exchange import exchange
from codes.cities.neighbours import note_neighbours
from codes.models import Case, CityCorrection, Fact
from codes.review.evidence.files import keep_upload
from codes.review.proposals.suppressions import approve_suppression, propose_suppression
from codes.review.reasons import SuppressionReason
from portal.demo.entries import Sent, declaration_lines
from portal.demo.life import Life
from portal.demo.people import Person, Population
from portal.demo.records import raw_record
from portal.demo.stage import Stage
from portal.demo.stories import Fate
from regions.staff.roles import Role
from regions.tenancy import in_city
from regions.vocabulary import FactKind

OWNER, HERE, SOURCE = "chongqing", "chengdu", "police"


@dataclass(frozen=True)
class Statement:
    """The request in Chengdu: why the record is wrong, and the document for it with its name and the text for each day."""

    text: str
    paper: str
    each_day: str


# For the one that Chongqing decides and the one that stays open.
STATEMENTS = (
    Statement("本人11月起一直在成都，从未到过记录所列场所，单位考勤可证。", "单位考勤.png", "08:57  18:04"),
    Statement("记录所列日期本人在医院住院，请核对身份证号。", "住院体温单.png", "36.8  37.1"),
)
DAYS_ON_PAPER = 7
PAPER, MARGIN, LINE = (480, 400), 40, 40


@dataclass(frozen=True)
class PassedOn:
    """``people`` are Chongqing's, with numbers that nobody in Chengdu has."""

    owner: Stage
    here: Stage
    people: Sequence[Person]

    @classmethod
    def of(cls, stages: Sequence[Stage], people: Mapping[str, Population]) -> "PassedOn | None":
        """Return the two people, or None unless both cities exist and Chongqing has enough people without a story."""
        by_name = {stage.schema: stage for stage in stages}
        if not {OWNER, HERE} <= by_name.keys():
            return None
        fate, theirs = Fate(by_name[OWNER]), people[OWNER]
        free = (number for number in range(people[HERE].size, theirs.size) if fate.story_of(number) is None)
        some = [theirs.person(number) for number, _ in zip(free, STATEMENTS, strict=False)]
        return cls(by_name[OWNER], by_name[HERE], some) if len(some) == len(STATEMENTS) else None

    def records(self, stage: Stage, source: str) -> Iterator[Mapping[str, Any]]:
        """Yield the records of the two cities' police about them: in Chengdu as issued by Chongqing."""
        if source != SOURCE or stage not in (self.owner, self.here):
            return
        for person in self.people:
            own = raw_record(person, life := self._life(person), life.records[0])
            if stage == self.owner:
                yield own
            else:
                detail = {ISSUED_BY: self.owner.city.city.division, ISSUED_ID: own["record_id"]}
                kind = self.here.word(SOURCE, FactKind.SPACETIME_OVERLAP)
                yield {**own, "record_id": f"CQ-{own['record_id']}", "kind": kind, "detail": detail}

    def lines(self, stage: Stage) -> Iterator[Sent]:
        """Yield their declarations in Chengdu."""
        if stage == self.here:
            for person in self.people:
                life = Life(self.here, person.dice)
                life.declare_everywhere(5)
                yield from declaration_lines(person, life)

    def _life(self, person: Person) -> Life:
        life = Life(self.owner, person.dice)
        life.tell(FactKind.SPACETIME_OVERLAP, 2, only=SOURCE)
        return life

    def ask(self, *, now: datetime) -> int:
        """Ask about both as Chengdu's reviewer. Return the number of new requests. Call after the day's run."""
        note_neighbours(now=now)
        asked = 0
        with in_city(HERE):
            facts = Fact.objects.filter(detail__has_key=ISSUED_BY, superseded=False).order_by("pk")
            for fact, statement in zip(facts, STATEMENTS, strict=False):
                case = Case.objects.open().filter(citizen=fact.citizen_id).first()
                if case is None or CityCorrection.objects.filter(fact=fact).exists():
                    continue
                by: dict[str, Any] = {"by": Role.REVIEWER.value, "now": now}
                content = _paper(statement, fact.started_on)
                paper = keep_upload(
                    citizen=case.citizen, content=content, original_name=statement.paper, case=case, **by
                )
                open_correction(case_id=case.pk, fact_id=fact.pk, text=statement.text, files=[paper.pk], **by)
                asked += 1
        return asked

    def decide(self) -> bool:
        """Send both requests; decide and answer one. Return whether Chengdu has the answer. The web server must run."""
        with in_city(HERE):
            exchange(now=timezone.now())
        with in_city(OWNER):
            exchange(now=timezone.now())  # fetches the evidence
            asked = CityCorrection.objects.received().filter(state="received").order_by("pk").first()
            if asked is None:
                return False
            now = timezone.now()
            wrong = propose_suppression(
                fact_id=asked.fact_id,
                case_id=asked.case_id,
                reason_code=SuppressionReason.WRONG_PERSON,
                evidence=["document:2026-118", *(f"file:{line[KEPT]}" for line in asked.evidence if KEPT in line)],
                by=Role.REVIEWER.value,
                now=now,
            )
            approve_suppression(suppression_id=wrong.pk, by=Role.APPROVER.value, now=now)
            exchange(now=now)
        with in_city(HERE):
            return CityCorrection.objects.sent().filter(answer="corrected").exists()


def _paper(statement: Statement, day: date) -> bytes:
    """Draw a document of the week up to this day, in figures, which the fonts of every installation contain."""
    picture, written = Image.new("RGB", PAPER, "white"), BytesIO()
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=LINE // 2)
    for nth in range(DAYS_ON_PAPER):
        of = day - timedelta(days=DAYS_ON_PAPER - 1 - nth)
        pen.text((MARGIN, MARGIN + nth * LINE), f"{of:%Y-%m-%d}    {statement.each_day}", fill="black", font=font)
    picture.save(written, "PNG")
    return written.getvalue()
