"""The measures of work: every number equals the length of its list, people are named, and the files have the same numbers."""

import csv
import io
import re
import zipfile
from datetime import date, timedelta
from html import unescape

import openpyxl
import pytest
from django.db.models import F

from codes.models import Case, PairDiagnosis, Run
from codes.reports.work import Period, WorkTable
from codes.review.proposals import rulings
from regions.journal.models import JournalEntry
from regions.staff.models import Account
from tests.integration.official.conftest import At
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

TABLES = ("", "people/", "offices/", "causes/", "places/")
NUMBER = re.compile(r'<a href="(/staff/work/cases/[^"]*)">([\d,]+)(?: %)?</a>')
LISTED = re.compile(r'<th scope="row" class="figure"><a href="/staff/cases/([^/"]+)/')
FORMULA = "=1+1"


@pytest.fixture
def wang(desk: Desk, at_work: At) -> Visitor:
    """li leaves zhang as they are, in time; liu's proposal comes back from wang; chen's is approved, a day too late."""
    Account.objects.filter(username="li").update(full_name="李敏", office=FORMULA)
    for pair in PairDiagnosis.objects.filter(disagreement__citizen__ref__in=["zhang", "liu"]):
        pair.root_cause["area"] = "330106"  # as a stay has it
        pair.save(update_fields=["root_cause"])
    desk.bring(desk.case("zhang"), "decided")
    refused = desk.propose("liu")
    rulings.refuse(ruling_id=refused.pk, reason_code="evidence_thin", by="wang", now=desk.now)
    desk.bring(desk.case("chen"), "proposed")
    Case.objects.filter(citizen__ref="chen").update(due_at=desk.now - timedelta(days=1))
    desk.approve(desk.case("chen").rulings.get())
    Case.objects.filter(citizen__ref="liu").update(due_at=desk.now - timedelta(minutes=1))
    return at_work("wang")


def rows_of(page: str) -> list[list[str]]:
    """The cells of the page's first table that is not a chart's."""
    table = page.rpartition("</figure>")[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in table.split("</tr>")[:-1]
    ]


def test_every_number_is_what_its_list_holds(wang: Visitor) -> None:
    counted = 0
    for table in TABLES:
        with at_most(12):
            page = wang.read(f"/staff/work/{table}")
        for address, number in NUMBER.findall(page):
            if "in_time" in address and "%" in page.partition(address)[2][:30]:
                continue  # the share, which leads to what it is a share of
            listed = LISTED.findall(wang.read(unescape(address)))
            assert len(listed) == int(number.replace(",", "")), (table, address)
            counted += 1
            assert table != "places/" or "place=330106" in address
    assert counted > 20


def test_people_stand_by_their_names_with_what_they_did(wang: Visitor) -> None:
    page = wang.read("/staff/work/people/")
    people = {row[0]: row[1:] for row in rows_of(page)}
    # Office; decided, in time, per cent; returned; approved, sent back; open now, overdue now.
    assert people["李敏"] == [FORMULA, "2", "1", "50", "1", "0", "0", "1", "1"]
    assert people["wang"][4:] == ["1", "1", "0", "0"] if len(people["wang"]) == 8 else people["wang"][5:7] == ["1", "1"]
    offices = {row[0]: row[1:] for row in rows_of(wang.read("/staff/work/offices/"))}
    assert offices[FORMULA] == people["李敏"][1:]


def test_a_day_is_counted_back_from_what_is_open_now(desk: Desk, wang: Visitor) -> None:
    newest = rows_of(wang.read("/staff/work/"))[0]
    # Came in, decided, in time, per cent, ended by itself, returned, open.
    assert newest[1:] == ["3", "2", "1", "50", "0", "1", "1"]
    # The city's first day: no days before are counted, or compared with.
    page = wang.read("/staff/work/?first=2026-10-01")
    assert len(rows_of(page)) == 1
    assert "比前一时段" not in page
    assert page.count("此前没有同样长的时段可供比较。") == 1, "once, and not beside every figure"
    assert "无可比数据" not in page
    Run.objects.update(day=F("day") - timedelta(days=1))
    page = wang.read("/staff/work/")
    assert set(rows_of(page)[1][1:]) <= {"0", "–"}
    assert page.count("此前没有同样长的时段可供比较。") == 1
    page = wang.read(f"/staff/work/?first={desk.now.date()}")
    assert "比前一时段多3" in page
    assert "可供比较" not in page


def test_files_say_the_same_in_the_page_s_language(wang: Visitor) -> None:
    said = wang.get("/staff/work/people.csv").content.decode("utf-8-sig")
    headings, *lines = csv.reader(io.StringIO(said))
    assert headings[:3] == ["姓名", "所在单位", "办结"]
    li = next(line for line in lines if line[0] == "李敏")
    assert li[1:] == [f"'{FORMULA}", "2", "1", "50", "1", "0", "0", "1", "1"]
    book = openpyxl.load_workbook(io.BytesIO(wang.in_english().get("/staff/work/people.xlsx").content))
    first, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert first[:3] == ("Name", "Office", "Decided")
    assert (f"'{FORMULA}", 2, 1, 50) in [row[1:5] for row in rows]
    made = JournalEntry.objects.filter(verb="export.made", subject="export:work", by="wang")
    assert made.count() == 2


def test_all_tables_come_in_one_archive(wang: Visitor) -> None:
    assert "/staff/work/all.zip?" in wang.read("/staff/work/people/")
    answer = wang.get("/staff/work/all.zip")
    assert answer.headers["Content-Disposition"].endswith('.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [f"work-{table}.csv" for table in WorkTable]
        assert archive.read("work-people.csv") == wang.get("/staff/work/people.csv").content
        assert [one.file_size > 20 for one in archive.infolist()] == [True] * len(WorkTable)
    assert wang.get("/staff/work/people.zip").status_code == 404


def test_a_period_is_never_longer_than_a_year_nor_of_days_to_come() -> None:
    today = date(2026, 11, 24)
    long_ago, to_come = date(2020, 1, 1), date(2999, 1, 1)
    for first, last, days in [
        (None, None, 30), (long_ago, None, 366), (None, to_come, 30), (to_come, None, 1), (today, long_ago, 1),
    ]:  # fmt: skip
        period = Period.of(first, last, today=today)
        assert (period.days, period.last) == (days, min(last or today, today))
    young = Period.of(long_ago, long_ago, today=today, since=date(2026, 11, 20))
    assert (young.first, young.last) == (date(2026, 11, 20), date(2026, 11, 20))
