"""The words every floor shares: kinds of facts and kinds of identity documents."""

from regions.wording import Worded


class FactKind(Worded):
    """What a fact states about a citizen; a kind that is not here is quarantined, never guessed."""

    CONFIRMED_CASE = "confirmed_case", "确诊病例", "confirmed case"
    ASYMPTOMATIC_CASE = "asymptomatic_case", "无症状感染者", "asymptomatic case"
    SUSPECTED_CASE = "suspected_case", "疑似病例", "suspected case"
    POSITIVE_TEST = "positive_test", "核酸检测阳性", "positive test"
    CLOSE_CONTACT = "close_contact", "密切接触者", "close contact"
    SECONDARY_CONTACT = "secondary_contact", "次密切接触者", "contact of a close contact"
    CO_TRAVELLER = "co_traveller", "与病例同乘交通工具", "same train, flight or coach as a case"
    SPACETIME_OVERLAP = "spacetime_overlap", "时空伴随", "same place and time as a case"
    AREA_STAY = "area_stay", "风险地区旅居", "stay in an area"
    OVERSEAS_ARRIVAL = "overseas_arrival", "境外入境", "arrival from abroad"
    ARRIVAL = "arrival", "外地来（返）人员", "arrival from elsewhere"
    SYMPTOM = "symptom", "出现症状", "symptoms"
    CONTACT_WITH_CASE = "contact_with_case", "自报接触过病例", "declared contact with a case"
    UNSURE_CONTACT = "unsure_contact", "自报不确定是否接触过病例", "unsure about contact with a case"
    FALSE_DECLARATION = "false_declaration", "申报不实", "false declaration"
    DISCHARGED = "discharged", "出院", "discharged from hospital"
    ISOLATION_COMPLETED = "isolation_completed", "解除隔离", "isolation completed"
    CASE_EXCLUDED = "case_excluded", "排除病例", "found not to be a case"
    CONTACT_EXCLUDED = "contact_excluded", "排除密接", "found not to be a contact"
    NEGATIVE_TEST = "negative_test", "核酸检测阴性", "negative test"


FACT_KINDS = frozenset(FactKind)
CLEARING_KINDS = frozenset(
    {
        FactKind.DISCHARGED,
        FactKind.ISOLATION_COMPLETED,
        FactKind.CASE_EXCLUDED,
        FactKind.CONTACT_EXCLUDED,
        FactKind.NEGATIVE_TEST,
    }
)


class IdType(Worded):
    """Identity documents by the codes that public systems use."""

    RESIDENT_ID = "10", "居民身份证", "resident identity card"
    HK_MACAO_PERMIT = "14", "港澳居民来往内地通行证", "Hong Kong and Macao residents' permit"
    TAIWAN_PERMIT = "15", "台湾居民来往大陆通行证", "Taiwan residents' permit"
    TAIWAN_ONE_TIME_PERMIT = "16", "台湾居民一次性通行证", "Taiwan residents' one-time permit"
    PASSPORT = "20", "护照", "passport"
    FOREIGN_RESIDENCE = "34", "外国人永久居留身份证", "foreigner's permanent residence card"
    OTHER = "99", "其他证件", "other document"
