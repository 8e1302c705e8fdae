"""Classes of data of the review: guardianships, evidence, cases and decisions (``regions.retention.classes``)."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from codes.retention import destroy_evidence
from regions.retention.classes import DataClass, Step
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
YEAR = 365
# Replaces texts that people wrote.
SAID = "'–'"

REVIEW_CLASSES = (
    DataClass(
        "guardianships",
        title=_("Guardianships that have ended"),
        personal=_("who answered for whom, with the documents"),
        stays=_("the entries in the journal"),
        tables=("codes_guardianship",),
        days=YEAR,
        steps=(
            Step(
                "codes_evidence",
                age="(SELECT g.ended_at FROM codes_guardianship g WHERE g.id = t.guardianship_id)",
                told="t.name",
            ),
            Step(
                "codes_guardianship",
                age="t.ended_at",
                free="NOT EXISTS (SELECT FROM codes_evidence e WHERE e.guardianship_id = t.id)",
            ),
        ),
        after=destroy_evidence,
    ),
    DataClass(
        "evidence",
        title=_("Evidence of closed cases"),
        personal=_("pictures and documents of citizens"),
        stays=_("the entries in the journal, with the digest of each file"),
        tables=("codes_evidence",),
        days=3 * YEAR,
        steps=(Step("codes_evidence", age=compose(SQL, "case_closed"), told="t.name"),),
        after=destroy_evidence,
    ),
    DataClass(
        "cases",
        title=_("Words in closed cases"),
        personal=_("what citizens and officials wrote, and answers of offices"),
        stays=_("the case: number, kind, steps, deadlines, outcome"),
        tables=(
            *("codes_case", "codes_caseevent", "codes_appeal", "codes_informationrequest", "codes_correctionrequest"),
            *("codes_citycorrection", "codes_secondlook", "codes_casenote", "codes_notemention"),
        ),
        days=3 * YEAR,
        steps=(
            Step(
                "codes_appeal",
                age=compose(SQL, "case_closed"),
                present=f"(t.text, t.disagreement) <> ({SAID}, {SAID})",
                clear={"text": SAID, "disagreement": SAID, "tested_on": "NULL"},
            ),
            Step(
                "codes_informationrequest",
                age=compose(SQL, "case_closed"),
                present=f"t.question <> {SAID}",
                clear={"question": SAID, "answer": f"CASE WHEN t.answer = '' THEN '' ELSE {SAID} END"},
            ),
            Step(
                "codes_correctionrequest",
                age=compose(SQL, "case_closed"),
                present=f"t.text <> {SAID}",
                clear={"text": SAID, "answer_text": f"CASE WHEN t.answer_text = '' THEN '' ELSE {SAID} END"},
            ),
            Step(
                "codes_citycorrection",
                # A correction that was never sent was not answered; it ended when it was withdrawn.
                age="coalesce(t.answered_at, CASE WHEN t.state = 'withdrawn' THEN t.opened_at END)",
                present=f"t.text <> {SAID}",
                free="t.state IN ('answered', 'withdrawn', 'told')",
                clear={
                    "text": SAID,
                    "evidence": "'[]'",
                    "answer_text": f"CASE WHEN t.answer_text = '' THEN '' ELSE {SAID} END",
                },
            ),
            Step(
                "codes_casenote",
                age=compose(SQL, "case_closed"),
                present=f"t.text <> {SAID}",
                clear={"text": SAID},
            ),
            Step(
                "codes_secondlook",
                age=compose(SQL, "case_closed"),
                present=f"t.reason NOT IN ('', {SAID})",
                clear={"reason": SAID},
            ),
            Step(
                "codes_case",
                age="t.closed_at",
                present=f"t.answer NOT IN ('', {SAID})",
                clear={"answer": SAID},
            ),
        ),
    ),
    DataClass(
        "decisions",
        title=_("Reasons of rulings and suppressions that have ended"),
        personal=_("what officials wrote, and what they named as evidence"),
        stays=_("the decision: colour or record, reason by code, both officials, days"),
        tables=("codes_ruling", "codes_suppression", "codes_bulksuppression"),
        days=3 * YEAR,
        steps=tuple(
            Step(
                table,
                age=f"greatest({ended})",
                present="t.evidence <> '[\"–\"]'",
                free="t.state NOT IN ('proposed', 'approved')",
                clear={
                    "evidence": "'[\"–\"]'",
                    **{
                        name: f"CASE WHEN t.{name} = '' THEN '' ELSE {SAID} END"
                        for name in ("reason", "decision_reason", "end_reason")
                    },
                },
            )
            for table, ended in (
                ("codes_ruling", "t.ended_at, t.decided_at, t.expires_on::timestamp AT TIME ZONE 'UTC'"),
                ("codes_suppression", "t.ended_at, t.decided_at"),
                ("codes_bulksuppression", "t.ended_at, t.decided_at"),
            )
        ),
    ),
)
