"""Reports for auditors: the first rows, an export with its progress and files, and their verification."""

import csv
import io
import json
import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from codes.models import Case, ExportJob, PairDiagnosis, PersonAccess
from codes.reports.jobs import exports_folder
from codes.reports.request import ReportName
from regions.journal.models import JournalEntry
from regions.journal.record import record
from regions.sources.models import Batch, Source
from regions.staff.models import Account
from tests.integration.auditor.conftest import written
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk


def body(visitor: Visitor, path: str) -> bytes:
    response = visitor.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    return b"".join(response)


@pytest.mark.parametrize("report", list(ReportName))
def test_every_report_shows_its_first_rows_masked(auditor: Visitor, report: str) -> None:
    assert "Start the export" not in auditor.read(f"/staff/reports/{report}/")
    page = auditor.read(f"/staff/reports/{report}/?show=1")
    assert "Start the export" in page
    assert "小三" not in page


def test_filters_narrow_the_rows(auditor: Visitor) -> None:
    red = auditor.read("/staff/reports/codes/?show=1&provider=wechat&state=red")
    assert red.count("<tr><td>") == 2
    assert "No row" in auditor.read("/staff/reports/codes/?show=1&provider=alipay&state=red")


def test_the_first_rows_are_in_the_words_of_the_page(desk: Desk, auditor: Visitor) -> None:
    """A delivery is accepted, an appeal upheld; files keep the stored words."""
    source = Source.objects.order_by("code")[0]
    told = {"started_at": desk.now, "full": True, "state": "refused", "reason": "refused"}
    Batch.objects.create(source=source, parts={"code": "40100", "message": "app disabled"}, **told)
    reader = Visitor.at_work("auditor", now=desk.now, username="he")
    assert cells(reader, "sources") & {"True", "申诉成立"} == set()
    assert cells(reader, "sources") >= {"已接收", "已拒收", "是"}
    assert any(cell.startswith("数据来源拒绝了请求") for cell in cells(reader, "sources"))
    assert "The source refused (40100: app disabled)" in auditor.read("/staff/reports/sources/?show=1")
    assert cells(reader, "journal") >= {"系统", "计算任务完成", "计算任务 2026年11月24日"}
    assert "2026年11月24日" in cells(reader, "codes")
    with transaction.atomic():
        many = [f"case:D20261124-00000{number}" for number in range(1, 6)]
        record("case.bulk_escalate", by="system", now=desk.now, data={"subjects": many})
    assert any(cell.startswith("共5项：案件 D20261124-000001、") for cell in cells(reader, "journal"))
    figures = reader.read("/staff/reports/sources/figures/")
    assert "已接收" in figures
    assert "申诉成立" not in figures


def test_cases_are_told_with_names_and_labels(desk: Desk, auditor: Visitor) -> None:
    for username, name in (("li", "李敏"), ("wang", "王芳")):
        Account.objects.filter(username=username).update(full_name=name)
    desk.bring(desk.case("zhang"), "proposed")
    Case.objects.filter(pk=desk.case("chen").pk).update(outcome="converged", assigned_to="wang", assigned_at=desk.now)
    said = cells(Visitor.at_work("auditor", now=desk.now, username="he"), "cases")
    assert said >= {"王芳", "情况已消除，自动办结"}
    (ruling,) = (cell for cell in said if " · " in cell)
    assert ruling.split(" · ")[1::2] == ["已提出", "李敏"]
    assert not re.search("[a-z]{3,}", "".join(cell for cell in said if " · " in cell))


def cells(reader: Visitor, report: str) -> set[str]:
    """What the cells of the first rows say."""
    rows = reader.read(f"/staff/reports/{report}/?show=1").partition("<tbody>")[2].partition("</tbody>")[0]
    return {re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", rows, re.DOTALL)}


def test_days_without_a_run_are_told_at_the_field(auditor: Visitor) -> None:
    assert "No run has settled" in auditor.read("/staff/reports/codes/?show=1&first=2020-01-01&last=2020-01-02")
    assert "before the first" in auditor.read("/staff/reports/cases/?show=1&first=2020-01-03&last=2020-01-02")


def test_an_export_is_asked_for_followed_and_fetched(desk: Desk, auditor: Visitor, enqueued: list[int]) -> None:
    answer = auditor.post(
        "/staff/reports/codes/", {"file_format": "csv", "provider": "wechat", "state": "", "first": ""}
    )
    page = answer.headers["Location"]
    job = ExportJob.objects.get()
    assert (enqueued, page) == ([job.pk], f"/staff/reports/exports/{job.name}/")
    assert "Waiting for a worker" in auditor.read(page)
    assert 'hx-trigger="every 2s"' in auditor.read(page, headers={"HX-Request": "true"})
    ExportJob.objects.update(state="writing", rows_done=1, rows_total=3)
    assert '<progress value="1" max="3"' in auditor.read(page)
    ExportJob.objects.update(state="waiting")
    written(desk)
    assert "Ready" in auditor.read(page)
    rows = list(csv.DictReader(io.StringIO(body(auditor, f"{page}file/").decode("utf-8-sig"))))
    assert {row["provider"] for row in rows} == {"wechat"}
    assert {row["citizen_ref"] for row in rows} == {"zhang", "chen", "liu"}
    manifest = json.loads(body(auditor, f"{page}manifest/"))
    assert (manifest["rows"], manifest["filters"]["provider"], manifest["made_by"]) == (3, "wechat", "ma")
    assert JournalEntry.objects.filter(verb="export.fetched", by="ma").count() == 2


def test_names_and_numbers_need_a_purpose_and_a_second_person(
    desk: Desk, auditor: Visitor, enqueued: list[int]
) -> None:
    asked = {"file_format": "jsonl", "identify": "on", "purpose": "", "cause": ""}
    assert "Say in a few words" in auditor.post("/staff/reports/disagreements/", asked).content.decode()
    named = {**asked, "purpose": "about 510107199001011234"}
    assert "Leave ID numbers" in auditor.post("/staff/reports/disagreements/", named).content.decode()
    assert not ExportJob.objects.exists()
    page = auditor.post("/staff/reports/disagreements/", {**asked, "purpose": "quarterly review"}).headers["Location"]
    again = auditor.post("/staff/reports/disagreements/", {**asked, "purpose": "quarterly review"})
    assert "you have asked for this already" in again.content.decode()
    mine = auditor.read(page)
    assert "somebody else who audits confirms it" in mine
    assert "Confirm: the file is written" not in mine
    own = auditor.post(f"{page}decide/", {"verb": "confirm"}, follow=True)
    assert "a second person decides" in own.content.decode()
    assert not ExportJob.objects.exists()
    second = Visitor.at_work("audit_admin", now=desk.now, username="he").in_english()
    assert "Exports with full names to confirm" in second.read("/staff/")
    assert "quarterly review" in second.read("/staff/reports/identified/")
    shown = second.read(page)
    assert "Confirm: the file is written" in shown
    assert "小三" not in shown
    assert "Say why." in second.post(f"{page}decide/", {"verb": "refuse"}, follow=True).content.decode()
    for no_button in ({}, {"verb": "confirmed"}):
        assert second.post(f"{page}decide/", no_button).status_code == 302
        assert not ExportJob.objects.exists(), "only a button decides"
    second.post(f"{page}decide/", {"verb": "confirm"})
    job = written(desk)
    assert (job.identified, job.asked_by, enqueued) == (True, "ma", [job.pk])
    file = f"/staff/reports/exports/{job.name}/file/"
    assert (len(body(auditor, file).splitlines()), second.get(file).status_code) == (3, 403)
    assert PersonAccess.objects.filter(citizen__ref="zhang", by="ma", purpose="quarterly review").count() == 1


def test_an_export_that_is_there_is_called_so(desk: Desk, auditor: Visitor) -> None:
    """Gates say they are ready by the same English word."""
    auditor.post("/staff/reports/cases/", {"file_format": "csv"})
    job = written(desk)
    reader = Visitor.as_account("ma", now=desk.now)
    assert "已生成，可以下载" in reader.read(f"/staff/reports/exports/{job.name}/")


def test_an_export_is_its_askers_alone(desk: Desk, auditor: Visitor) -> None:
    auditor.post("/staff/reports/sources/", {"file_format": "csv"})
    job = written(desk)
    other = Visitor.at_work("auditor", now=desk.now, username="he")
    for end in ["", "file/", "manifest/"]:
        theirs, missing = (other.get(f"/staff/reports/exports/{name}/{end}") for name in (job.name, "0" * 24))
        assert theirs.status_code == missing.status_code == 404
        assert theirs.content == missing.content


def test_a_file_is_held_against_its_manifest(desk: Desk, auditor: Visitor) -> None:
    auditor.post("/staff/reports/cases/", {"file_format": "csv"})
    page = f"/staff/reports/exports/{written(desk).name}/"
    file, manifest = body(auditor, f"{page}file/"), body(auditor, f"{page}manifest/")

    def said(file: bytes, manifest: bytes) -> str:
        files = {"file": SimpleUploadedFile("a.csv", file), "manifest": SimpleUploadedFile("a.json", manifest)}
        return auditor.post("/staff/reports/verify/", files).content.decode()

    assert "as this city made it" in said(file, manifest)
    assert "The file was changed" in said(file + b" ", manifest)
    assert "was changed after it was signed" in said(file, manifest.replace(b'"rows": 3', b'"rows": 4'))
    assert "no manifest of an export" in said(file, b"[1]")
    assert "no manifest of an export" in said(file, b"\xff")
    assert "verify_export" in auditor.read("/staff/reports/verify/")


def test_a_kept_file_is_checked_where_it_lies(desk: Desk, auditor: Visitor) -> None:
    auditor.post("/staff/reports/cases/", {"file_format": "csv"})
    job = written(desk)
    assert job.name in auditor.read(f"/staff/reports/exports/{job.name}/")
    assert "as this city made it" in auditor.post("/staff/reports/verify/", {"export": job.name}).content.decode()
    (exports_folder() / job.file).write_text("another")
    assert "The file was changed" in auditor.post("/staff/reports/verify/", {"export": job.name}).content.decode()
    other = Visitor.at_work("auditor", now=desk.now, username="he")
    assert other.post("/staff/reports/verify/", {"export": job.name}).status_code == 404


@pytest.mark.parametrize("path", ["/staff/reports/", "/staff/reports/codes/", "/staff/reports/exports/abc/"])
def test_nobody_else_audits(desk: Desk, path: str) -> None:
    assert Visitor.at_work("reviewer", now=desk.now, username="anna").get(path).status_code == 403


def test_a_report_that_is_none_is_missing(auditor: Visitor) -> None:
    assert auditor.get("/staff/reports/nothing/").status_code == 404


@pytest.mark.parametrize("report", ["codes", "disagreements", "cases", "appeals", "sources"])
def test_a_report_leads_to_its_figures_and_each_figure_to_its_rows(desk: Desk, auditor: Visitor, report: str) -> None:
    for pair in PairDiagnosis.objects.all():
        pair.root_cause["area"] = "330106"  # as a stay has it
        pair.save(update_fields=["root_cause"])
    desk.appeal()
    page = auditor.read(f"/staff/reports/{report}/")
    assert f"/staff/reports/{report}/figures/" in page
    with at_most(12):
        page = auditor.read(f"/staff/reports/{report}/figures/")
    assert "From day to day" in page
    led = re.findall(r'<a href="(/staff/reports/[a-z]+/\?show=1&amp;[^"]*)">', page)
    # Of an appeal the record that it is against has no place here.
    assert led if report != "appeals" else "not known" in page
    assert ("西湖区" in page.replace("Xihu District", "西湖区")) is (report in ("disagreements", "cases"))
    for address in led:
        assert "No row" not in auditor.read(unescape(address)), address


def test_what_is_no_report_of_counts_has_no_figures(auditor: Visitor) -> None:
    assert [auditor.get(f"/staff/reports/{one}/figures/").status_code for one in ("work", "x")] == [404] * 2
    assert "The rows" not in auditor.read("/staff/reports/cases/figures/?first=tomorrow")
