"""What a record says about the citizen, in clauses they understand: "记录〔您为密切接触者〕", "申报〔曾接触过病例〕"."""

from django.utils.translation import gettext_noop

from regions.vocabulary import FactKind

# After "记录" / "recorded": a whole clause.
RECORDED: dict[FactKind, str] = {
    FactKind.CONFIRMED_CASE: gettext_noop("that you are a confirmed case"),
    FactKind.ASYMPTOMATIC_CASE: gettext_noop("that you are an asymptomatic case"),
    FactKind.SUSPECTED_CASE: gettext_noop("that you are a suspected case"),
    FactKind.POSITIVE_TEST: gettext_noop("that you tested positive"),
    FactKind.CLOSE_CONTACT: gettext_noop("that you are a close contact"),
    FactKind.SECONDARY_CONTACT: gettext_noop("that you are a contact of a close contact"),
    FactKind.CO_TRAVELLER: gettext_noop("that you travelled with a case"),
    FactKind.SPACETIME_OVERLAP: gettext_noop("that you were at the same place and time as a case"),
    FactKind.AREA_STAY: gettext_noop("that you stayed in %(area)s"),
    FactKind.OVERSEAS_ARRIVAL: gettext_noop("that you arrived from abroad"),
    FactKind.ARRIVAL: gettext_noop("that you came or returned from %(area)s"),
    FactKind.SYMPTOM: gettext_noop("that you have symptoms such as fever or cough"),
    FactKind.CONTACT_WITH_CASE: gettext_noop("that you had contact with a case"),
    FactKind.UNSURE_CONTACT: gettext_noop("that you are not sure about contact with a case"),
    FactKind.FALSE_DECLARATION: gettext_noop("that a declaration of yours was untrue"),
    FactKind.DISCHARGED: gettext_noop("that you were discharged from hospital"),
    FactKind.ISOLATION_COMPLETED: gettext_noop("that you completed isolation"),
    FactKind.CASE_EXCLUDED: gettext_noop("that you were found not to be a case"),
    FactKind.CONTACT_EXCLUDED: gettext_noop("that you were found not to be a contact"),
    FactKind.NEGATIVE_TEST: gettext_noop("that you tested negative"),
}

# After "申报" / "declared": what a declaration or an unhealthy check-in can become.
DECLARED: dict[FactKind, str] = {
    FactKind.SYMPTOM: gettext_noop("symptoms such as fever or cough"),
    FactKind.CONTACT_WITH_CASE: gettext_noop("contact with a case"),
    FactKind.UNSURE_CONTACT: gettext_noop("not being sure about contact with a case"),
    FactKind.AREA_STAY: gettext_noop("a stay in %(area)s (%(span)s)"),
    FactKind.ARRIVAL: gettext_noop("arriving from %(area)s on %(day)s"),
    FactKind.OVERSEAS_ARRIVAL: gettext_noop("arriving from abroad on %(day)s"),
}

LEVELS: dict[str, str] = {
    "high": gettext_noop("high-risk areas"),
    "medium": gettext_noop("medium-risk areas"),
    "low": gettext_noop("low-risk areas"),
    "national_high": gettext_noop("high-risk areas reported nationally"),
    "national_medium": gettext_noop("medium-risk areas reported nationally"),
    "neighbouring": gettext_noop("surroundings of risk areas"),
    "locked_down": gettext_noop("locked-down areas"),
}
OTHER_LEVEL = gettext_noop("other controlled areas")
