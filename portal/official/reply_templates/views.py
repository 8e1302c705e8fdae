"""The page of the city's reply templates. Approvers write them; everybody who works on cases reads them."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from codes.models import ReplyTemplate
from codes.review.reply_templates import LONGEST_NAME, PLACES, retire_template, save_template, templates_in_use
from portal.official.cases.forms import CHOOSE, text_field
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt_and_return, submit
from regions.staff.roles import CASE_WORK, Role

PAGE = "official_reply_templates"


class TemplateForm(forms.Form):
    use = forms.ChoiceField(label=gettext_lazy("Used for"), choices=ReplyTemplate.Use.choices, error_messages=CHOOSE)
    name = forms.CharField(label=gettext_lazy("Name of the template"), max_length=LONGEST_NAME)
    text_zh = text_field(
        gettext_lazy("Words in Chinese"),
        rows=4,
        help_text=gettext_lazy(
            "Filled in when it is chosen: <code>{case}</code>, <code>{today}</code>, <code>{due}</code>, "
            "<code>{city}</code>, <code>{hotline}</code>."
        ),
    )
    text_en = text_field(gettext_lazy("Words in English"), rows=4, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(*CASE_WORK)
def reply_templates(request: StaffRequest) -> HttpResponse:
    """List the templates in use. A POST request by an approver adds one."""
    form = TemplateForm(request.POST if request.method == "POST" else None)
    return _save(request, form, None) or _show(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.APPROVER)
def edit(request: StaffRequest, template_id: int) -> HttpResponse:
    kept = get_object_or_404(templates_in_use(), pk=template_id)
    words = {name: getattr(kept, name) for name in TemplateForm.base_fields}
    form = TemplateForm(request.POST) if request.method == "POST" else TemplateForm(initial=words)
    return _save(request, form, kept) or _show(request, form, kept)


@require_POST
@for_staff(Role.APPROVER)
def retire(request: StaffRequest, template_id: int) -> HttpResponse:
    get_object_or_404(templates_in_use(), pk=template_id)
    return attempt_and_return(
        request, retire_template, template_id=template_id, back=PAGE, done=_("It is offered no longer.")
    )


def _save(request: StaffRequest, form: TemplateForm, kept: ReplyTemplate | None) -> HttpResponse | None:
    return submit(
        request,
        form,
        lambda data, **who: save_template(template_id=kept.pk if kept else None, **data, **who),
        back=PAGE,
        done=_("The template is kept."),
    )


def _show(request: StaffRequest, form: TemplateForm, kept: ReplyTemplate | None = None) -> HttpResponse:
    context = {
        "form": form if Role.APPROVER in request.roles else None,
        "kept": kept,
        "templates": templates_in_use(),
        "places": PLACES,
    }
    status = 422 if form.errors else 200
    return render(request, "official/reply_templates/reply_templates.html", context, status=status)
