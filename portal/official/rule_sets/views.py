"""Rule sets: the list, the versions of one, the content of a version, and beginning a new version."""

from collections import defaultdict
from pathlib import Path

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.models import Provider, RuleSet, RuleSetDraft, RuleSetVersion
from codes.rule_sets import drafts
from codes.rule_sets.drafts import content_of, plain
from portal.official.rule_sets.forms import UploadForm
from portal.official.rule_sets.presenters import areas_shown, rules_shown
from portal.web.access import StaffRequest, for_staff
from portal.web.bodies import takes_file
from portal.web.errors import attempt
from regions.faults import FileFaults
from regions.staff.roles import Role
from regions.toml_files import parse_toml

RULE_WORK = (Role.RULE_MANAGER, Role.APPROVER)
# Auditors read the rules by which a case was judged and by which a decision is replayed.
READERS = (*RULE_WORK, Role.AUDITOR)
DRAFTS_SHOWN = 20


@require_safe
@for_staff(*READERS)
def rule_set_list(request: StaffRequest) -> HttpResponse:
    """List the rule sets with the version in force, future versions, drafts and the providers that use them."""
    today = timezone.localdate()
    rule_sets = RuleSet.objects.order_by("code").prefetch_related(
        Prefetch("versions", RuleSetVersion.objects.filter(effective_from__gt=today).order_by("effective_from")),
        Prefetch("providers", Provider.objects.current().order_by("code")),
    )
    drafted = defaultdict(list)
    for draft in RuleSetDraft.objects.filter(state__in=RuleSetDraft.OPEN).order_by("-pk"):
        drafted[draft.rule_set_id].append(draft)
    in_force = {version.rule_set_id: version for version in RuleSetVersion.objects.in_force(today)}
    shown = [
        {"rule_set": one, "in_force": in_force.get(one.pk), "coming": one.versions.all(), "drafts": drafted[one.pk]}
        for one in rule_sets
    ]
    return render(request, "official/rule_sets/rule_sets.html", {"shown": shown})


@require_safe
@for_staff(*READERS)
def rule_set_page(request: StaffRequest, code: str) -> HttpResponse:
    """Show one rule set with its versions and the drafts of the next one."""
    rule_set = get_object_or_404(RuleSet, code=code)
    today = timezone.localdate()
    versions = list(rule_set.versions.order_by("-effective_from"))
    context = {
        "rule_set": rule_set,
        "versions": versions,
        "in_force": rule_set.versions.in_force(today).first(),
        "today": today,
        "providers": Provider.objects.current().filter(rule_set=rule_set).order_by("code"),
        "drafts": RuleSetDraft.objects.filter(rule_set=rule_set).order_by("-pk")[:DRAFTS_SHOWN],
        "may_write": Role.RULE_MANAGER in request.roles,
    }
    return render(request, "official/rule_sets/rule_set.html", context)


@require_safe
@for_staff(*READERS)
def version_page(request: StaffRequest, code: str, version: int) -> HttpResponse:
    stored = get_object_or_404(RuleSetVersion.objects.select_related("rule_set"), rule_set__code=code, version=version)
    content = content_of(stored)
    context = {
        "version": stored,
        "rules": rules_shown(content),
        "areas": areas_shown(content),
        "today": timezone.localdate(),
        "draft": RuleSetDraft.objects.filter(version=stored).order_by("-pk").first(),
    }
    return render(request, "official/rule_sets/version.html", context)


@require_POST
@for_staff(Role.RULE_MANAGER)
def begin(request: StaffRequest, code: str) -> HttpResponse:
    """Begin a draft of the next version with the content of the version in force."""
    rule_set = get_object_or_404(RuleSet, code=code)
    draft = attempt(request, drafts.begin, rule_set.pk, back=request.path)
    if draft is None:
        return redirect("official_rule_set", code=code)
    return redirect("official_draft", draft_id=draft.pk)


@takes_file
@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.RULE_MANAGER)
def upload(request: StaffRequest, code: str) -> HttpResponse:
    """Begin a draft with an uploaded file. If the file is not TOML, the page shows the line of the error."""
    rule_set = get_object_or_404(RuleSet, code=code)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            content = plain(parse_toml(sent.read(), Path(sent.name)))
        except FileFaults as faults:
            for fault in faults.faults:
                form.add_error("file", f"{fault.key}{_(': ')}{fault.message_in(get_language())}")
        else:
            draft = attempt(request, drafts.begin_with, rule_set.pk, content, back=request.path)
            if draft is not None:
                messages.info(request, _("The file is now a draft. Nobody is judged by it yet."))
                return redirect("official_draft", draft_id=draft.pk)
    return render(request, "official/rule_sets/upload.html", {"rule_set": rule_set, "form": form})
