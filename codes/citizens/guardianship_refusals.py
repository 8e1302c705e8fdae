"""Words of guardianship: the relations, and why a request is not taken."""

from regions.wording import Worded


class Relation(Worded):
    """What the guardian is to the dependant."""

    CHILD = "child", "子女", "child"
    PARENT = "parent", "父母", "parent"
    SPOUSE = "spouse", "配偶", "spouse"
    WARD = "ward", "被监护人", "ward"
    OTHER = "other", "其他", "other"


class GuardianshipFault(Worded):
    """One sentence on what is wrong and one on what to do."""

    UNKNOWN_RELATION = "unknown_relation", "请选择与被代管人的关系。", "Choose what the person is to you."
    NO_EVIDENCE = (
        "no_evidence",
        "请上传能证明关系的材料，如户口簿或出生证明。",
        "Upload proof of the relation, such as the household register or a birth certificate.",
    )
    ONESELF = "oneself", "不能添加本人。请填写家人的证件。", "You cannot add yourself. Enter your relative's document."
    ASKED_ALREADY = (
        "asked_already",
        "您已添加或申请过此人。请查看列表。",
        "You have this person on your phone, or have asked already. See the list.",
    )
    TOO_MANY = (
        "too_many",
        "每人最多代管4人。请先解除一人。",
        "Four people at most can be shown on one phone. End one of them first.",
    )
