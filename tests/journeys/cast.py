"""The people of the journeys' city: citizens about whom two providers disagree, and the officials."""

from dataclasses import dataclass, replace
from datetime import date

from codes.models import Citizen, Provider, RuleSet
from codes.models import Rule as RuleRow
from portal.demo.people import Person, Population
from regions.identity import Identity
from regions.keys.encryption import encrypt_number, encrypt_phone, identity_hash
from regions.sources.models import Source
from regions.staff.models import Account
from tests.integration.review.desk import RULES as DESK_RULES
from tests.integration.review.desk import STAFF
from tests.oracle import Rule

# Citizen reference → kind of the fact that the police database has and the big-data centre does not.
STORIES = {
    "7K2MQ9XA": "spacetime_overlap",
    "9D4TW1HB": "spacetime_overlap",
    "3PX8C6VN": "close_contact",
    "5RB0E7ZK": "arrival",
    "8FJ3Y2SM": "symptom",
}
# Many people with the same kind of record: a group that is decided together.
CROWD = {f"4W{number:02d}H6TD": "spacetime_overlap" for number in range(16)}
# Citizens whom an official asks something that stays unanswered. They are not in the group, all of whose cases are decided.
ASKED = {"2C6MQ8WH": "close_contact", "6B1KT5ZS": "close_contact"}
# The citizens of the officials' journey: three with the same kind of record.
DESK = {"1H5VK8MD": "arrival", "1N3RC7XA": "arrival", "1T9WB4QS": "arrival"}
# The citizens of the citizens' journeys, one for each: those who read their code, and those who fill in forms.
READING = ("8A1KQ5XT", "8A2KQ5XT")
TYPING = ("8B1MR6YW", "8B2MR6YW")
# The dependant of all of them, for whom no appeal is possible; and somebody whose disagreement is an interaction.
CHILD, TWOFOLD = "8C1NS7ZV", "8D1PT8AX"
CITIZENS = {**dict.fromkeys((*READING, *TYPING, TWOFOLD), "spacetime_overlap"), CHILD: "close_contact"}
# DESK comes before STORIES: of the citizens of one kind the first is approved, and one of STORIES must stay yellow for the gates.
PEOPLE = {**ASKED, **DESK, **STORIES, **CROWD, **CITIZENS}
POPULATION = Population("journeys", "330100", len(PEOPLE), date(2026, 11, 24))
TITLES = {"alipay": ("支付宝", "Alipay"), "wechat": ("微信", "WeChat")}
SOURCE_TITLES = {
    "police": ("乙市公安局数据库", "Beta police database"),
    "bigdata": ("省大数据中心", "Provincial big-data centre"),
}
RULE_SET_TITLES = {"national": ("全国规则", "National rules")}
# The rules of the review tests, two of them with check-in days, and a yellow rule that holds longer than the red ones.
CHECK_INS = {"spacetime_overlap": 14, "arrival": 7}
RULE_SET = (
    *(replace(rule, checkin_days=CHECK_INS.get(rule.kind, 0)) for rule in DESK_RULES),
    Rule("Y3", "secondary_contact", "yellow", hold_days=21),
)
# Kind of a rule → its titles and the reasons that a citizen reads.
RULES = {
    "close_contact": (
        "密切接触者",
        "Close contact",
        "您被判定为密切接触者，管理期14天。",
        "You are on record as a close contact; that holds for 14 days.",
    ),
    "spacetime_overlap": (
        "时空伴随",
        "Same place and time",
        "您与病例在同一时间到过同一地点，管理期14天。",
        "You were at the same place and time as a case; that holds for 14 days.",
    ),
    "confirmed_case": (
        "确诊病例",
        "Confirmed case",
        "您被登记为确诊病例，出院后解除。",
        "You are on record as a confirmed case, until discharge.",
    ),
    "arrival": (
        "来返人员",
        "Arrival",
        "您从外地来返本市，观察期7天。",
        "You came to the city; that is watched for 7 days.",
    ),
    "secondary_contact": (
        "次密接",
        "Secondary contact",
        "您被判定为次密接，观察期21天。",
        "You are on record as a secondary contact; that is watched for 21 days.",
    ),
    "symptom": (
        "申报症状",
        "Symptoms",
        "您申报了发热等症状，观察期7天。",
        "You declared symptoms such as fever; that is watched for 7 days.",
    ),
}
OFFICIALS = {"li": "李建国", "wu": "吴敏", "wang": "王秀兰", "zhao": "赵志强", "sun": "孙丽华"}


@dataclass(frozen=True)
class Citizens:
    """The citizens by reference, with the documents with which they sign in."""

    persons: dict[str, Person]

    def __getitem__(self, ref: str) -> Person:
        return self.persons[ref]

    @property
    def numbers(self) -> list[str]:
        """The ID numbers, which must not appear in any address or log."""
        return [person.id_number for person in self.persons.values()]


def dress() -> Citizens:
    """Give the citizens documents, names and phones, and providers, sources and rules titles in both languages."""
    persons = dict(zip(PEOPLE, POPULATION, strict=True))
    for ref, person in persons.items():
        who = Identity(person.id_type, person.id_number)
        Citizen.objects.filter(ref=ref).update(
            id_type=person.id_type.value,
            id_hash=identity_hash(who),
            id_encrypted=encrypt_number(who),
            full_name=person.full_name,
            phone_encrypted=encrypt_phone(person.phone),
        )
    for code, (chinese, english) in TITLES.items():
        Provider.objects.filter(code=code).update(title_zh=chinese, title_en=english)
    for code, (chinese, english) in SOURCE_TITLES.items():
        Source.objects.filter(code=code).update(title_zh=chinese, title_en=english)
    for code, (chinese, english) in RULE_SET_TITLES.items():
        RuleSet.objects.filter(code=code).update(title_zh=chinese, title_en=english)
    for kind, (title_zh, title_en, reason_zh, reason_en) in RULES.items():
        RuleRow.objects.filter(kind=kind).update(
            title_zh=title_zh, title_en=title_en, reason_zh=reason_zh, reason_en=reason_en
        )
    for username in STAFF:
        Account.objects.filter(username=username).update(full_name=OFFICIALS[username])
    return Citizens(persons)
