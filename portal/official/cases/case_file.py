"""The case file as a PDF: the content of the case's page, the name of the person who printed it, and a line for a signature."""

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from codes.review.evidence.access import note_printed
from portal.official.cases.detail import read_case
from portal.official.cases.views import CASE_READERS, evidence_context
from portal.web.access import StaffRequest, for_staff
from portal.web.attachments import attachment
from portal.web.pdf import Paper


@require_POST
@for_staff(*CASE_READERS)
def case_file(request: StaffRequest, number: str) -> HttpResponse:
    """Return the PDF, rendered from the same data and template as the page.

    It takes a POST request because printing is journalled.
    """
    detail = read_case(number=number)
    context = evidence_context(detail)
    now, printed_by = context["now"], request.user.get_full_name()
    html = render_to_string(
        "official/cases/case_file.html",
        {**context, "acts": frozenset(), "query": "", "printed_by": printed_by},
        request=request,
    )
    purpose = _("file of case %(number)s") % {"number": number}
    note_printed(detail.case, purpose=purpose, by=request.user.username, now=now)
    printed = _("printed by %(who)s, %(at)s") % {
        "who": printed_by,
        "at": date_format(timezone.localtime(now), "DATETIME_FORMAT"),
    }
    paper = Paper(title=f"{_('Case file')} {number}", language=translation.get_language(), foot=f"{number} · {printed}")
    paper.say(html)
    paper.lines_to_write_on([_("Signature"), _("Name and office"), _("Date")])
    return attachment(bytes(paper.output()), f"{number}.pdf", "application/pdf")
