"""Labels of journal entries. ``{…}`` is filled from the entry's data.

Unknown actions and subjects are shown as they are stored.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from codes.models.run import RunStep
from codes.review.cases.transitions import Verb
from portal.templatetags.operator import opening_state
from portal.templatetags.page import actor, division, free_text, role_title, stored_day, untranslated
from regions.divisions import is_division_code
from regions.journal.models import JournalEntry
from regions.sources.reasons import sentence
from regions.vocabulary import grouped

PLACEHOLDER = re.compile(r"\{(\w+)\}")
CASE = "case."
SUBJECT_LABELS: dict[str, str | Promise] = {
    "alarm": _("alarm"),
    "case": _("case"),
    "citizen": _("citizen"),
    "city": _("city"),
    "correction": _("correction between cities"),
    "data": _("class of data"),
    "display": _("displayed colours"),
    "export": _("report"),
    "gate": _("gate device"),
    "guardianship": _("guardianship"),
    "held_group": _("mass change"),
    "key": _("key"),
    "mending": _("wrong records ruled on together"),
    "provider": _("provider"),
    "risk_list": _("risk list"),
    "rule_set": _("rule set"),
    "ruling": _("ruling"),
    "run": _("run"),
    "source": _("source"),
    "staff": _("account"),
    "suppression": _("suppression"),
    "webhook": _("webhook"),
}
ACTION_LABELS: dict[str, str | Promise] = {
    "alarm.acknowledged": _("confirmed what an alarm was, as the second person: it is closed"),
    "alarm.acknowledgement_outgrown": _("withdrew what was said about an alarm, because it has got more people"),
    "alarm.acknowledgement_proposed": _("said what an alarm was"),
    "alarm.acknowledgement_refused": _("did not agree about an alarm"),
    "alarm.acknowledgement_withdrawn": _("took back what was said about an alarm"),
    "alarm.raised": _("raised an alarm: {people} people, {expected} expected"),
    "batch.accepted": _("accepted a delivery with {accepted} new records"),
    "batch.held": _("held a delivery for two people: {reason}"),
    "batch.refused": _("refused a delivery: {reason}"),
    "batch.release_asked": _("asked for a held delivery to be taken"),
    "batch.released": _("let a held delivery be taken, as the second person"),
    "case.bulk_approved": _("approved cases together"),
    "case.bulk_assigned": _("assigned cases together"),
    "case.bulk_refused": _("took cases out of what was proposed together"),
    "case.bulk_proposed": _("proposed rulings for cases together"),
    "case.converged": _("closed a case by itself: the colours agree again"),
    "case.escalated": _("escalated an overdue case"),
    "case.filed": _("filed an appeal"),
    "case.noted": _("wrote an internal note on a case"),
    "case.printed": _("printed the file of a case"),
    "citizen.copied": _("took a copy of their own data"),
    "citizen.signed_in": pgettext_lazy("journal, citizen", "signed in"),
    "city.changed": _("changed the city to what its file says"),
    "city.data_destroyed": _("destroyed the personal data of the city whose service has ended"),
    "city.keys_destroyed": _("destroyed the keys of the city whose service has ended"),
    "city.looked_up": _("answered another city about a pass of this one"),
    "city.opened": _("opened the city"),
    "city.opening_asked": _("asked for the city {schema} to be opened"),
    "city.opening_confirmed": _("confirmed the opening of the city {schema}, as the second operator"),
    "city.opening_declined": _("declined the opening of the city {schema}"),
    "city.opening_withdrawn": _("took back the request to open the city {schema}"),
    "city.opening_ended": _("opening of the city {schema}: {state}"),
    "city.suspension_asked": _("proposed to suspend the city {schema}"),
    "city.suspension_declined": _("declined to suspend the city {schema}"),
    "city.suspension_withdrawn": _("took back the proposal to suspend the city {schema}"),
    "city.suspended": _("suspended the city {schema}, as the second operator"),
    "city.resumption_asked": _("proposed that the suspended city {schema} goes on"),
    "city.resumption_declined": _("left the city {schema} suspended"),
    "city.resumed": _("had the suspended city {schema} go on, as the second operator"),
    "city.sunset_asked": _("asked for the end of the city's service"),
    "city.sunset_confirmed": _("confirmed the end of the city's service, as the second operator"),
    "city.sunset_withdrawn": _("took back the request to end the city's service"),
    "correction.answered": _("answered the correction of a record of the city {city}"),
    "correction.answered_at_once": _("was answered at once about a record that no longer counts, or is not here"),
    "correction.asked": _("the city {city} has taken the correction"),
    "correction.decided": _("the correction that the city {city} asked for is decided"),
    "correction.escalated": _("escalated a correction that the city {city} has not answered in time"),
    "correction.opened": _("asked the city {city} to put a record right"),
    "correction.received": _("asked for a record of this city to be put right"),
    "correction.told": _("the city {city} has the answer to its correction"),
    "correction.withdrawn": _("did not send a correction to the city {city}: the record counts no longer"),
    "display.item_closed": _("nobody is shown the wrong colour by {provider} for this cause any more"),
    "display.item_mended": _("noted that {provider} says it has mended what it displays"),
    "display.item_opened": _("found that {provider} displays other colours than it should"),
    "display.item_recurred": _("{provider} displays wrong colours again after it was mended"),
    "display.item_told": _("told {provider} that it displays other colours than it should"),
    "draft.begun": _("began a draft of rules"),
    "draft.dropped": _("gave a draft of rules up"),
    "draft.proposed": _("proposed a draft of rules"),
    "draft.put_in_force": _("put a draft of rules in force, as the second person"),
    "draft.refused": _("refused a draft of rules"),
    "draft.rehearsal_asked": _("asked for a rehearsal of a draft of rules"),
    "draft.saved": _("saved a draft of rules"),
    "draft.taken_back": _("took a proposed draft of rules back"),
    "entries.taken": _("took declarations and check-ins from a provider"),
    "evidence.discarded": _("removed evidence that was never sent"),
    "evidence.kept": _("put in evidence"),
    "export.asked": _("asked for an export ({format})"),
    "export.failed": _("an export failed; nothing was written"),
    "export.fetched": _("fetched an exported file"),
    "export.identified": _("exported {rows} rows with full names and ID numbers. Purpose: {purpose}"),
    "export.identify_asked": _("asked for an export with full names and ID numbers. Purpose: {purpose}"),
    "export.identify_confirmed": _(
        "confirmed an export with full names that {asked_by} asked for, as the second person"
    ),
    "export.identify_lapsed": _("an export with full names that {asked_by} asked for was not answered in time"),
    "export.identify_refused": _("refused an export with full names that {asked_by} asked for"),
    "export.identify_withdrawn": _("took back a request for an export with full names"),
    "export.made": _("exported {rows} rows, masked"),
    "export.removed": _("removed an exported file when its time was over"),
    "group.approved": _("approved an answer to a mass change, as the second person"),
    "group.dissolved": _("a mass change closed by itself: nobody would change by it any more"),
    "group.held": _("held a mass change for two people: {red} would turn red, {green} green before their day"),
    "group.proposed": _("proposed an answer to a mass change"),
    "group.refused": _("a mass change was refused: {people} people keep their colour"),
    "group.released": _("a mass change was released: {people} people judged again"),
    "group.sent_back": _("sent back a proposed answer to a mass change"),
    "group.outgrown": _("withdrew a proposed answer to a mass change, because a run added people to it"),
    "group.withdrawn": _("took back a proposed answer to a mass change"),
    "gate.device_confirmed": _("confirmed a gate's device, as the second person"),
    "gate.device_enrolled": _("a gate's device took its secret"),
    "gate.device_proposed": _("proposed a gate's device"),
    "gate.device_refused": _("refused a gate's device"),
    "gate.device_revoked": _("revoked a gate's device"),
    "gate.device_withdrawn": _("withdrew the proposal of a gate's device"),
    "gate.looked_up": _("looked somebody up by their document"),
    "gate.link_made": _("made a link for a gate's device"),
    "group.suppression_approved": _("ruled a whole group's records wrong"),
    "group.suppression_proposed": _("proposed to rule a whole group's records wrong"),
    "group.suppression_refused": _("refused to rule a whole group's records wrong"),
    "group.suppression_taken_out": _("took people out of a ruling about a whole group's records"),
    "group.suppression_withdrawn": _("withdrew the proposal to rule a whole group's records wrong"),
    "guardianship.accepted": _("accepted a guardianship"),
    "guardianship.asked": _("asked for a guardianship"),
    "guardianship.ended": _("ended a guardianship"),
    "guardianship.refused": _("refused a guardianship"),
    "key.compromised": _("called a key compromised"),
    "keys.files_encrypted_anew": _("encrypted {files} files with the new key"),
    "keys.rows_encrypted_anew": _("encrypted {rows} values of {column} with the new key"),
    "keys.made": _("made the keys that the city had not got yet"),
    "keys.rotated": _("made new signing and encryption keys"),
    "journal.stock_taken": _("took what stands into the journal, as it was at the upgrade"),
    "journal.verification_asked": _("asked for the journal to be checked"),
    "journal.witnessed": _("co-signed the journal of the city {city} up to entry {seq}"),
    "journal.verified": _("checked the journal: {entries} entries, {checkpoints} checkpoints"),
    "message.sent_again": _("had {messages} messages by SMS sent again"),
    "messages.chosen": _("chose which messages come by SMS"),
    "paper.looked_up": _("looked a person up at a counter to print a paper code"),
    "paper.issued": _("issued a paper code"),
    "paper.withdrawn": _("withdrew a paper code"),
    "partition.judged": _("judged a partition; {changed} verdicts changed"),
    "person.joined": _("joined two people who have one document"),
    "verdicts.joined": _("noted what runs had changed, after people were joined"),
    "person.seen": _("saw identified data of {people} people"),
    "person.sought": _("looked for a case by a document's number; nobody with a case has it"),
    "phone.confirmed": _("changed the phone for sign-in codes"),
    "phone.proposed": _("another phone was named for sign-in codes"),
    "phone.refused": _("refused another phone for sign-in codes"),
    "pass.converted": _("exchanged a pass of another city for one of this city"),
    "provider_key.issued": _("issued a provider's key"),
    "provider_key.revoked": _("revoked a provider's key"),
    "provider_key.rotated": _("replaced a provider's key"),
    "quarantine.retried": _("tried records in quarantine again"),
    "record.suppression_approved": _("ruled a record to be wrong"),
    "record.suppression_proposed": _("proposed that a record is wrong"),
    "record.suppression_refused": _("did not find a record to be wrong"),
    "record.suppression_withdrawn": _("withdrew the proposal that a record is wrong"),
    "risk_list.sent": _("sent a risk list of {entries} lines to {cities} cities"),
    "reply_template.retired": _("took the reply template {name} out of use"),
    "reply_template.saved": _("wrote the reply template {name}"),
    "retention.swept": _("removed what was past its time"),
    "retention.failed": _("a sweep of what is past its time failed three times"),
    "rule_set.published": _("published a version of rules"),
    "ruling.end_proposed": _("proposed to end a ruling early"),
    "ruling.end_refused": _("refused to end a ruling early"),
    "ruling.ended": _("ended a ruling early"),
    "ruling.expired": _("a ruling expired"),
    "run.failed": _("a run failed ({step})"),
    "run.held": _("held a run for two people"),
    "run.mended": _("judged the people concerned again after a correction"),
    "run.refused": _("refused a held run"),
    "run.release_asked": _("asked for a held run to be released"),
    "run.released": _("released a held run, as the second person"),
    "run.replayed": _("computed {day} again from its inputs: {verdicts} verdicts, {differing} differ"),
    "run.settled": _("a run settled"),
    "run.kept": _("a day of the past was computed again and kept as history"),
    "run.started": _("started the run of {day}"),
    "run.unforeseen": _("judged {judged} people for proof, and mended what was wrong about {unforeseen} of them"),
    "second_look.agrees": _("looked a second time at what {decided_by} had closed alone, and agreed"),
    "second_look.differs": _("looked a second time at what {decided_by} had closed alone, and found otherwise"),
    "second_look.drawn": _("drew by lot what {decided_by} had closed alone, for a second look"),
    "source.change_proposed": _("proposed to change a source"),
    "source.change_refused": _("refused a change of a source"),
    "source.change_withdrawn": _("withdrew a change of a source"),
    "source.changed": _("changed a source, as the second person"),
    "staff.added": _("added an account: {roles}"),
    "staff.change_confirmed": _("confirmed a change of staff, as the second person"),
    "staff.change_expired": _("a proposed change of staff expired"),
    "staff.change_proposed": _("proposed a change of staff"),
    "staff.change_refused": _("refused a change of staff"),
    "staff.change_withdrawn": _("withdrew a change of staff"),
    "staff.codes_removed": _("took an authenticator app off an account"),
    "staff.closed": _("closed an account"),
    "staff.codes_reset": _("reset an account's one-time codes and password"),
    "staff.codes_set_up": _("tied an authenticator app to an account"),
    "staff.demo_secrets": _("gave {accounts} demo accounts new secrets"),
    "staff.email_changed": _("changed an account's e-mail address from {before} to {email}"),
    "staff.enrolled": _("chose their first password and tied an authenticator app"),
    "staff.link_asked_again": _("had another link to enrol sent to an account"),
    "staff.link_sent": _("sent a link to enrol to an account"),
    "staff.locked_out": _("locked an account after wrong passwords"),
    "staff.opened": _("opened an account again"),
    "staff.password_reset": _("gave an account a new one-time password"),
    "staff.roles_changed": _("changed an account's roles: given {given}, withdrawn {withdrawn}"),
    "staff.password_changed": _("changed a password"),
    "staff.signed_in": pgettext_lazy("journal", "signed in"),
    "staff.signed_out": _("signed out"),
    "staff.sign_in_reset": _("ended an account's password, one-time codes and sessions"),
    "staff.single_sign_on_tied": _("tied the city's own sign-on to an account"),
    "suppression.end_proposed": _("proposed to end a suppression"),
    "suppression.end_refused": _("refused to end a suppression"),
    "suppression.ended": _("ended a suppression"),
    "webhook.approved": _("agreed to the address of a webhook, as the second person: {address}"),
    "webhook.paused": _("paused a webhook"),
    "webhook.proposed": _("proposed a webhook: {address}"),
    "webhook.refused": _("refused a webhook"),
    "webhook.removed": _("removed a webhook: {address}"),
    "webhook.replayed": _("had {messages} messages of a webhook sent again"),
    "webhook.resumed": _("resumed a webhook"),
    "webhook.withdrawn": _("took back a proposed webhook"),
}


def _step(stored: str) -> str:
    return str(RunStep(stored).label) if stored in set(RunStep) else stored


# Labels of the values of some placeholders.
VALUE_LABELS: dict[str, Callable[[str], str]] = {
    "asked_by": actor,
    "day": stored_day,
    "decided_by": actor,
    "format": str.upper,
    "given": role_title,
    "roles": role_title,
    "state": opening_state,
    "step": _step,
    "withdrawn": role_title,
}

# Placeholders whose values are shown by their titles, with the kind of the titles.
CALLED = {"city": "city", "provider": "provider", "schema": "city"}


def entry_label(entry: JournalEntry, titles: Mapping[str, Mapping[str, str]]) -> str:
    """Return what was done, without its subject. ``titles``: by kind and code."""
    if entry.verb in ACTION_LABELS:
        text = str(ACTION_LABELS[entry.verb])
        values = {name: _value(name, entry.data, titles) for name in PLACEHOLDER.findall(text)}
        return format_html(text, **values) if values else text
    if entry.verb.startswith(CASE) and entry.verb.removeprefix(CASE) in set(Verb):
        return str(Verb(entry.verb.removeprefix(CASE)).label)
    return entry.verb


def action_choices() -> list[tuple[str, str]]:
    """Return all actions with their labels, sorted by the stored action, so that actions on one kind of subject are adjacent."""
    labels = {verb: PLACEHOLDER.sub("…", str(label)) for verb, label in ACTION_LABELS.items()}
    return sorted({**{f"{CASE}{verb.value}": str(verb.label) for verb in Verb}, **labels}.items())


def subject_label(subject: str, titles: Mapping[str, Mapping[str, str]]) -> str:
    """Return the subject in words: ``case:D20261124-000001`` → 案件 D20261124-000001. ``titles``: by kind and code."""
    kind, _colon, name = subject.partition(":")
    if kind not in SUBJECT_LABELS:
        return subject
    if not name:
        return str(SUBJECT_LABELS[kind])
    called = actor(name) if kind == "staff" else _titled(kind, name, titles)
    return format_html("{} {}", SUBJECT_LABELS[kind], called)


def _titled(kind: str, name: str, titles: Mapping[str, Mapping[str, str]]) -> str:
    """Return the title of the subject. A city that is not in this installation is named by its division."""
    if kind == "city" and is_division_code(name):
        return division(name)
    return titles.get(kind, {}).get(name) or untranslated(name)


def _value(place: str, data: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]]) -> str:
    value = data.get(place)
    if value in (None, "", [], {}):
        return "–"
    if place == "reason":
        return sentence(str(value), data.get("parts", {}), translation.get_language())
    if place in VALUE_LABELS:
        labels = (VALUE_LABELS[place](str(one)) for one in (value if isinstance(value, list) else [value]))
        return format_html_join(gettext(", "), "{}", ((label,) for label in labels))
    if place in CALLED:
        return _titled(CALLED[place], str(value), titles)
    return free_text(value) if place == "purpose" else untranslated(grouped({place: value})[place])
