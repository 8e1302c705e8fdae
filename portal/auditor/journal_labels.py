"""The journal in words: what each entry says was done. ``{…}`` are places of the entry's data; what is not known stays as written."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import translation
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from codes.review.cases.transitions import Verb
from portal.templatetags.operator import opening_state
from portal.templatetags.page import free_text, role_title, untranslated
from regions.journal.models import JournalEntry
from regions.sources.reasons import sentence

PLACE = re.compile(r"\{(\w+)\}")
CASE = "case."
SUBJECT_LABELS: dict[str, tuple[str, str]] = {
    "case": ("案件", "case"),
    "citizen": ("市民", "citizen"),
    "city": ("城市", "city"),
    "export": ("报表", "report"),
    "guardianship": ("监护关系", "guardianship"),
    "mending": ("整组更正", "group mending"),
    "provider": ("渠道", "provider"),
    "rule_set": ("规则集", "rule set"),
    "ruling": ("复核决定", "ruling"),
    "run": ("计算任务", "run"),
    "source": ("数据来源", "source"),
    "staff": ("账号", "account"),
    "suppression": ("记录有误的裁定", "suppression"),
}
ACTION_LABELS: dict[str, tuple[str, str]] = {
    "batch.accepted": ("接收一批数据，共{accepted}条新记录", "accepted a delivery with {accepted} new records"),
    "batch.held": ("一批数据暂停待审：{reason}", "held a delivery for two people: {reason}"),
    "batch.refused": ("拒收一批数据：{reason}", "refused a delivery: {reason}"),
    "batch.release_asked": ("申请放行暂停的批次", "asked for a held delivery to be taken"),
    "batch.released": ("第二人放行暂停的批次", "let a held delivery be taken, as the second person"),
    "case.bulk_approved": ("批量审批案件", "approved cases together"),
    "case.bulk_assigned": ("批量分派案件", "assigned cases together"),
    "case.bulk_proposed": ("批量提出转码决定", "proposed rulings for cases together"),
    "case.converged": ("颜色已一致，案件自动办结", "closed a case by itself: the colours agree again"),
    "case.escalated": ("案件超时升级督办", "escalated an overdue case"),
    "case.filed": ("市民提交申诉", "filed an appeal"),
    "citizen.copied": ("下载本人数据", "took a copy of their own data"),
    "citizen.signed_in": ("市民登录", "signed in"),
    "city.changed": ("按城市配置文件修改城市设置", "changed the city to what its file says"),
    "city.opened": ("开通城市", "opened the city"),
    "city.opening_asked": ("申请开通城市 {schema}", "asked for the city {schema} to be opened"),
    "city.opening_ended": ("开通城市 {schema}：{state}", "opening of the city {schema}: {state}"),
    "draft.begun": ("新建规则草案", "began a draft of rules"),
    "draft.dropped": ("作废规则草案", "gave a draft of rules up"),
    "draft.proposed": ("提交规则草案审批", "proposed a draft of rules"),
    "draft.put_in_force": ("第二人批准规则草案生效", "put a draft of rules in force, as the second person"),
    "draft.refused": ("退回规则草案", "refused a draft of rules"),
    "draft.rehearsal_asked": ("要求试算规则草案", "asked for a rehearsal of a draft of rules"),
    "draft.saved": ("保存规则草案", "saved a draft of rules"),
    "draft.taken_back": ("撤回规则草案的审批申请", "took a proposed draft of rules back"),
    "entries.taken": ("接收渠道申报与打卡", "took declarations and check-ins from a provider"),
    "evidence.discarded": ("删除未提交的材料", "removed evidence that was never sent"),
    "evidence.kept": ("上传佐证材料", "put in evidence"),
    "export.asked": ("申请导出报表（{format}）", "asked for an export ({format})"),
    "export.failed": ("导出失败，未生成文件", "an export failed; nothing was written"),
    "export.fetched": ("下载导出文件", "fetched an exported file"),
    "export.identified": (
        "导出含完整姓名和证件号码的报表，共{rows}行。用途：{purpose}",
        "exported {rows} rows with full names and ID numbers. Purpose: {purpose}",
    ),
    "export.made": ("导出报表，共{rows}行（已脱敏）", "exported {rows} rows, masked"),
    "export.removed": ("导出文件到期删除", "removed an exported file when its time was over"),
    "group.suppression_approved": ("批准整组更正", "approved mending a whole group"),
    "group.suppression_proposed": ("提出整组更正", "proposed mending a whole group"),
    "group.suppression_refused": ("退回整组更正", "refused mending a whole group"),
    "group.suppression_withdrawn": ("撤回整组更正", "withdrew mending a whole group"),
    "guardianship.accepted": ("同意监护申请", "accepted a guardianship"),
    "guardianship.asked": ("申请代管家人健康码", "asked for a guardianship"),
    "guardianship.ended": ("解除代管", "ended a guardianship"),
    "guardianship.refused": ("退回监护申请", "refused a guardianship"),
    "journal.verification_asked": ("要求核验审计日志", "asked for the journal to be checked"),
    "journal.verified": (
        "核验审计日志：{entries}条记录，{checkpoints}个校验点",
        "checked the journal: {entries} entries, {checkpoints} checkpoints",
    ),
    "partition.judged": ("计算一个分区，{changed}个赋码有变化", "judged a partition; {changed} verdicts changed"),
    "person.seen": ("查看{people}人的完整身份信息", "saw identified data of {people} people"),
    "provider_key.issued": ("签发渠道接入密钥", "issued a provider's key"),
    "provider_key.revoked": ("吊销渠道接入密钥", "revoked a provider's key"),
    "quarantine.retried": ("重试隔离区中的记录", "tried records in quarantine again"),
    "record.suppression_approved": ("裁定记录有误，不再计入", "ruled a record to be wrong"),
    "record.suppression_proposed": ("提出记录有误", "proposed that a record is wrong"),
    "record.suppression_refused": ("未认定记录有误", "did not find a record to be wrong"),
    "record.suppression_withdrawn": ("撤回记录有误的提议", "withdrew the proposal that a record is wrong"),
    "rule_set.published": ("发布规则集版本", "published a version of rules"),
    "ruling.end_proposed": ("提出提前终止决定", "proposed to end a ruling early"),
    "ruling.end_refused": ("退回提前终止决定的提议", "refused to end a ruling early"),
    "ruling.ended": ("决定提前终止", "ended a ruling early"),
    "ruling.expired": ("决定到期失效", "a ruling expired"),
    "run.failed": ("计算任务失败（{step}）", "a run failed ({step})"),
    "run.held": ("计算任务暂停待审", "held a run for two people"),
    "run.mended": ("更正后重新计算涉及的市民", "judged the people concerned again after a correction"),
    "run.refused": ("否决暂停的计算任务", "refused a held run"),
    "run.release_asked": ("申请放行暂停的计算任务", "asked for a held run to be released"),
    "run.released": ("第二人放行暂停的计算任务", "released a held run, as the second person"),
    "run.replayed": (
        "按当时的输入重算{day}：{verdicts}个赋码，{differing}个不同",
        "computed {day} again from its inputs: {verdicts} verdicts, {differing} differ",
    ),
    "run.settled": ("计算任务完成", "a run settled"),
    "run.started": ("开始{day}的计算任务", "started the run of {day}"),
    "source.change_proposed": ("提出修改数据来源", "proposed to change a source"),
    "source.change_refused": ("退回数据来源的修改", "refused a change of a source"),
    "source.change_withdrawn": ("撤回数据来源的修改", "withdrew a change of a source"),
    "source.changed": ("第二人批准修改数据来源", "changed a source, as the second person"),
    "staff.added": ("新增账号：{roles}", "added an account: {roles}"),
    "staff.codes_removed": ("解除动态验证码绑定", "took an authenticator app off an account"),
    "staff.closed": ("停用账号", "closed an account"),
    "staff.codes_reset": ("重置账号的动态验证码和密码", "reset an account's one-time codes and password"),
    "staff.codes_set_up": ("绑定动态验证码", "tied an authenticator app to an account"),
    "staff.demo_secrets": ("演示账号更换密码（{accounts}个）", "gave {accounts} demo accounts new secrets"),
    "staff.locked_out": ("账号因多次密码错误被锁定", "locked an account after wrong passwords"),
    "staff.opened": ("重新启用账号", "opened an account again"),
    "staff.password_reset": ("重置账号密码", "gave an account a new one-time password"),
    "staff.roles_changed": (
        "调整账号角色，新增：{given}；收回：{withdrawn}",
        "changed an account's roles: given {given}, withdrawn {withdrawn}",
    ),
    "staff.password_changed": ("修改密码", "changed a password"),
    "staff.signed_in": ("工作人员登录", "signed in"),
    "staff.signed_out": ("工作人员退出", "signed out"),
    "staff.single_sign_on_tied": ("绑定单点登录", "tied the city's own sign-on to an account"),
    "suppression.end_proposed": ("提出终止记录有误的裁定", "proposed to end a suppression"),
    "suppression.end_refused": ("退回终止记录有误裁定的提议", "refused to end a suppression"),
    "suppression.ended": ("终止记录有误的裁定", "ended a suppression"),
}

# What the values of some places are called.
VALUE_LABELS: dict[str, Callable[[str], str]] = {
    "format": str.upper,
    "given": role_title,
    "roles": role_title,
    "state": opening_state,
    "withdrawn": role_title,
}


def entry_label(entry: JournalEntry) -> str:
    """What was done, as a sentence without its subject."""
    language = translation.get_language()
    if entry.verb in ACTION_LABELS:
        zh, en = ACTION_LABELS[entry.verb]
        text = zh if language.startswith("zh") else en
        return SafeString(PLACE.sub(lambda place: conditional_escape(_value(place[1], entry.data)), text))
    if entry.verb.startswith(CASE) and entry.verb.removeprefix(CASE) in set(Verb):
        return str(Verb(entry.verb.removeprefix(CASE)).label)
    return entry.verb


def action_choices() -> list[tuple[str, str]]:
    """Every act and what it is called, by its word: those of one kind of thing stand together."""
    place = 0 if translation.get_language().startswith("zh") else 1
    called = {verb: PLACE.sub("…", said[place]) for verb, said in ACTION_LABELS.items()}
    of_cases = {f"{CASE}{verb.value}": str(verb.label) for verb in Verb}
    return sorted({**of_cases, **called}.items())


def subject_label(subject: str) -> str:
    """What it was done to: ``case:D20261124-000001`` → 案件 D20261124-000001."""
    kind, _, name = subject.partition(":")
    if not name or kind not in SUBJECT_LABELS:
        return subject
    zh, en = SUBJECT_LABELS[kind]
    return format_html("{} {}", zh if translation.get_language().startswith("zh") else en, untranslated(name))


def _value(place: str, data: Mapping[str, Any]) -> str:
    value = data.get(place)
    if value in (None, "", [], {}):
        return "–"
    if place == "reason":
        return sentence(str(value), data.get("parts", {}), translation.get_language())
    if place in VALUE_LABELS:
        return _(", ").join(VALUE_LABELS[place](str(one)) for one in (value if isinstance(value, list) else [value]))
    return free_text(value) if place == "purpose" else untranslated(value)
