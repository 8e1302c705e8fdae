"""The case file as a PDF has the same sections as the page. Printing is recorded in the journal and shown to the citizen."""

import re
from io import BytesIO

import pypdfium2
import pytest

from codes.models import Case, PersonAccess
from codes.review import information
from portal.web.pdf import NO_PICTURE, blocks_of
from regions.journal.models import JournalEntry
from regions.masking import mask_name
from tests.integration.official.conftest import At
from tests.integration.official.test_case_page import page_of
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

FOOT = 22 / 25.4 * 72  # points, in which nothing but the foot of a page stands


def printed(visitor: Visitor, case: Case) -> bytes:
    response = visitor.post(f"{page_of(case)}file/")
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{case.number}.pdf"'
    return bytes(response.content)


def words_of(pdf: bytes) -> tuple[list[str], list[str]]:
    """The text of the pages and their feet, without white space."""
    bodies, feet = [], []
    for page in pypdfium2.PdfDocument(BytesIO(pdf)):
        text = page.get_textpage()
        bodies.append("".join(text.get_text_bounded(bottom=FOOT).split()))
        feet.append("".join(text.get_text_bounded(top=FOOT).split()))
    return bodies, feet


def sections(html: str) -> list[tuple[str, str]]:
    """The page's evidence by its headings."""
    evidence = html.partition('<div class="case-evidence stack">')[2].partition('<div class="case-acts')[0]
    found: list[tuple[str, str]] = [("", "")]
    for block in blocks_of(evidence):
        text = "".join("".join(run.text for run in block.runs).split())
        found = (
            [*found, (text, "")] if block.kind in ("h1", "h2") else [*found[:-1], (found[-1][0], found[-1][1] + text)]
        )
    return found[1:]


@pytest.fixture
def worked_on(desk: Desk) -> Desk:
    """zhang's disagreement, closed, and an open appeal with a question, whose words hold a sign that the font has not."""
    desk.appeal("zhang", text="我没有去过😀那里")
    information.ask(case_id=desk.case("zhang", "appeal").pk, question="何时？", by="li", now=desk.now)
    desk.bring(desk.case("zhang"), "decided")
    return desk


@pytest.mark.parametrize("kind", ["disagreement", "appeal"])
@pytest.mark.parametrize("in_english", [False, True])
def test_the_file_says_what_the_page_says(worked_on: Desk, at_work: At, kind: str, in_english: bool) -> None:
    """For an auditor, who may do nothing on the page: closed as it was decided, and open."""
    case, sun = worked_on.case("zhang", kind), at_work("sun")
    sun = sun.in_english() if in_english else sun
    on_page = sections(sun.read(page_of(case)))
    bodies, feet = words_of(printed(sun, case))
    said = "".join(bodies)
    assert len(on_page) >= 3
    for heading, text in on_page:
        wanted = re.sub("😀", NO_PICTURE, heading + text)
        assert wanted in said, heading
        said = said.partition(wanted)[2]
    for place, foot in enumerate(feet, 1):
        assert foot.startswith(case.number)
        assert foot.endswith(f"{place}/{len(feet)}")
        assert "sun" in foot


def test_names_are_masked_and_the_font_is_in_the_file_and_nothing_of_it_in_the_log(
    worked_on: Desk, at_work: At, caplog: pytest.LogCaptureFixture
) -> None:
    case = worked_on.case("zhang")
    citizen = case.citizen
    citizen.full_name = "张小三"
    citizen.save()
    pdf = printed(at_work("li"), case)
    said = "".join(words_of(pdf)[0])
    assert mask_name("张小三") in said
    assert "张小三" not in said
    assert b"/FontFile" in pdf
    assert not [one for one in caplog.records if one.name.startswith("fontTools")]


def test_who_printed_it_is_known(desk: Desk, at_work: At) -> None:
    case = desk.case("chen")
    for name in ("li", "sun"):
        printed(at_work(name), case)
    entries = JournalEntry.objects.filter(verb="case.printed", subject=f"case:{case.number}").order_by("seq")
    assert [entry.by for entry in entries] == ["li", "sun"]
    seen = PersonAccess.objects.filter(citizen=case.citizen, what="case_file").order_by("pk")
    assert [(one.by, one.purpose) for one in seen] == [(name, f"案件{case.number}的案卷") for name in ("li", "sun")]
