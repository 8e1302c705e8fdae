"""URLs of the citizens' pages. Pages about a person have two: for the citizen, and for a dependant by their ref."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, path

from portal.citizen import entries, family, other_city, phones
from portal.citizen.appeals import cases
from portal.citizen.appeals import views as appeal
from portal.citizen.code import calendar, history, paper
from portal.citizen.code import views as code
from portal.citizen.data import views as data
from portal.citizen.declarations import views as declare
from portal.citizen.messages import views as messages
from portal.citizen.sign_in import views as sign_in
from portal.citizen.subject import keep_page

ABOUT: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
    ("code/", code.code_page, "citizen_code"),
    ("code/pass/", code.pass_fragment, "citizen_pass"),
    ("code/calendar/", calendar.calendar_page, "citizen_calendar"),
    ("code/history/", history.history_page, "citizen_history"),
    ("check-in/", entries.check_in_page, "citizen_check_in"),
    ("paper/", paper.paper, "citizen_paper"),
    ("paper/<int:paper>/withdraw/", paper.withdraw, "citizen_paper_withdraw"),
    ("other-city/", other_city.other_city, "citizen_other_city"),
    ("data/", data.my_data, "citizen_data"),
    ("data/copy/", data.download, "citizen_download"),
    ("data/document/", data.document, "citizen_document"),
    ("appeal/", appeal.begin, "citizen_appeal"),
    ("appeal/reason/", appeal.reason, "citizen_appeal_reason"),
    ("appeal/evidence/", appeal.evidence, "citizen_appeal_evidence"),
    ("appeal/words/", appeal.words, "citizen_appeal_words"),
    ("appeal/check/", appeal.check, "citizen_appeal_check"),
    ("appeal/done/<str:number>/", appeal.done, "citizen_appealed"),
    ("cases/", cases.case_list, "citizen_cases"),
    ("cases/<str:number>/", cases.case_page, "citizen_case"),
    ("cases/<str:number>/withdraw/", cases.withdraw_appeal, "citizen_withdraw"),
    ("cases/<str:number>/object/", cases.object_to_denial, "citizen_object"),
    ("cases/<str:number>/answer/", cases.answer_question, "citizen_answer"),
    ("cases/<str:number>/files/<int:evidence>/", cases.evidence_file, "citizen_evidence"),
    ("declare/", declare.begin, "citizen_declare"),
    ("declare/check/", declare.check, "citizen_declare_check"),
    ("declare/done/<str:number>/", declare.done, "citizen_declared"),
    ("declare/<slug:page>/", declare.page, "citizen_declare_page"),
]

urlpatterns: list[URLPattern] = [
    *(path(route, view, name=name) for route, view, name in ABOUT),
    path("", code.first_page, name="citizen_home"),
    path("manifest.json", code.manifest, name="citizen_manifest"),
    path("sign-in/", sign_in.number, name="citizen_sign_in"),
    path("sign-in/code/", sign_in.code, name="citizen_sign_in_code"),
    path("sign-in/again/", sign_in.again, name="citizen_sign_in_again"),
    path("sign-out/", sign_in.sign_out, name="citizen_sign_out"),
    path("phone/", phones.confirm, name="citizen_phone_confirm"),
    path("phone/<int:change>/", phones.answer, name="citizen_phone_answer"),
    path("messages/", messages.message_list, name="citizen_messages"),
    path("messages/choices/", messages.choices, name="citizen_message_choices"),
    path("keep/", keep_page, name="citizen_keep"),
    path("family/", family.family, name="citizen_family"),
    path("family/ask/", family.ask, name="citizen_family_ask"),
    path("family/ask/proof/", family.proof, name="citizen_family_proof"),
    path("family/<int:link>/end/", family.end, name="citizen_family_end"),
    *(path(f"family/<str:ref>/{route}", view, name=name) for route, view, name in ABOUT),
]
