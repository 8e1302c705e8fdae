"""URLs of a case's pages."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from portal.official.cases import ask, case_file, decide, find, notes, records, second_looks, views


class NumberConverter(StringConverter):
    regex = "[A-Za-z0-9-]{1,40}"


register_converter(NumberConverter, "number")

urlpatterns = [
    path("", find.find, name="official_find"),
    path("<number:number>/", views.case_page, name="official_case"),
    path("<number:number>/next/", decide.neighbour, name="official_case_next"),
    path("<number:number>/take/", views.take, name="official_case_take"),
    path("<number:number>/release/", views.release, name="official_case_release"),
    path("<number:number>/look/", views.look, name="official_case_look"),
    path("<number:number>/complex/", views.give_more_time, name="official_case_complex"),
    path("<number:number>/decide/", decide.decide, name="official_case_decide"),
    path("<number:number>/take-back/", decide.take_back, name="official_case_take_back"),
    path("<number:number>/end-ruling/", decide.end_ruling, name="official_case_end_ruling"),
    path("<number:number>/ask/", ask.ask, name="official_case_ask"),
    path("<number:number>/drop-question/", ask.drop_question, name="official_case_drop_question"),
    path("<number:number>/correct/", ask.correct, name="official_case_correct"),
    path(
        "<number:number>/correct/<int:correction>/", ask.enter_correction_answer, name="official_case_correction_answer"
    ),
    path("<number:number>/records/<int:fact_id>/wrong/", records.suppress, name="official_suppress"),
    path(
        "<number:number>/wrong/<int:suppression>/take-back/",
        records.take_back_suppression,
        name="official_suppression_back",
    ),
    path("<number:number>/wrong/<int:suppression>/end/", records.end_suppression, name="official_suppression_end"),
    path("<number:number>/note/", notes.write, name="official_case_note"),
    path("<number:number>/second-look/", second_looks.take_look, name="official_case_second_look"),
    path("<number:number>/file/", case_file.case_file, name="official_case_file"),
    path("<number:number>/reveal/", views.reveal_person, name="official_case_reveal"),
    path("<number:number>/files/<int:evidence>/", views.evidence_file, name="official_evidence"),
]
