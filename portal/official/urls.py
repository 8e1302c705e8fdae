"""URLs of the officials' pages. Each subpackage has its own."""

from django.urls import include, path

from portal.official.cases.notes import mentions, open_mentioned
from portal.official.cases.second_looks import second_looks
from portal.official.home.dashboard import dashboard

urlpatterns = [
    path("queue/", include("portal.official.queue.urls")),
    path("guardians/", include("portal.official.guardians.urls")),
    path("phones/", include("portal.official.phones.urls")),
    path("paper-codes/", include("portal.official.paper_codes.urls")),
    path("groups/", include("portal.official.groups.urls")),
    path("cases/", include("portal.official.cases.urls")),
    path("reply-templates/", include("portal.official.reply_templates.urls")),
    path("notes/", mentions, name="official_mentions"),
    path("notes/<int:mention_id>/", open_mentioned, name="official_mention"),
    path("second-looks/", second_looks, name="official_second_looks"),
    path("approvals/", include("portal.official.approvals.urls")),
    path("runs/", include("portal.official.runs.urls")),
    path("alarms/", include("portal.official.alarms.urls")),
    path("held-groups/", include("portal.official.held_groups.urls")),
    path("sources/", include("portal.official.sources.urls")),
    path("rule-sets/", include("portal.official.rule_sets.urls")),
    path("gates/", include("portal.official.gates.urls")),
    path("keys/", include("portal.official.keys.urls")),
    path("corrections/", include("portal.official.corrections.urls")),
    path("displays/", include("portal.official.displays.urls")),
    path("webhooks/", include("portal.official.webhooks.urls")),
    path("messages/", include("portal.official.messages.urls")),
    path("people/", include("portal.official.staff.urls")),
    path("work/", include("portal.official.work.urls")),
    path("dashboard/", dashboard, name="official_dashboard"),
]
