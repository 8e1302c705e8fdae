"""Classes of data of citizens, their codes and their cases (``regions.retention.classes``).

Facts and entries are cleared and not removed: the remaining rows identify what a source or a provider delivers again, so that it has
no effect. Their citizen is then a single row that stands for nobody, with the document type ``swept``.
"""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from codes.retention import digests_of_swept_runs, make_nobody, remove_rehearsal_lists
from codes.review.data_classes import REVIEW_CLASSES
from regions.retention.classes import DataClass, Step
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
YEAR = 365
PEOPLE_AT_ONCE = 1000
NOTHING_HOLDS = compose(SQL, "nothing_holds", citizen="t.citizen_id")
NOBODY = "(SELECT id FROM codes_citizen WHERE id_type = 'swept')"
IS_SOMEBODYS = f"t.citizen_id <> {NOBODY}"
FACT_AGE = compose(SQL, "fact_age", fact="t")


DATA_CLASSES = (
    DataClass(
        "sign_in_codes",
        title=_("Codes to sign in with"),
        personal=_("whose number was asked for, and from where, as keyed hashes"),
        stays=_("nothing"),
        tables=("codes_signincode",),
        by="portal.sweep",
    ),
    DataClass(
        "paper_passes",
        title=_("Paper codes"),
        personal=_("whose paper code is looked up by which random name, kept as a keyed hash; when and by whom it was asked for"),
        stays=_("nothing"),
        tables=("codes_paperpass",),
        days=YEAR,
        steps=(Step("codes_paperpass", age="coalesce(t.withdrawn_at, t.expires_at)"),),
    ),
    DataClass(
        "kept_forms",
        title=_("Forms not yet sent"),
        personal=_("what somebody has answered and typed so far, encrypted"),
        stays=_("nothing"),
        tables=("codes_keptform",),
        days=1,
        steps=(Step("codes_keptform", age="t.kept_at"),),
    ),
    DataClass(
        "verdict_history",
        title=_("History of colours"),
        personal=_("which rules held somebody, when and by which records"),
        stays=_("the colours that stood when the time was over, and all since; a digest of each run"),
        tables=("codes_verdictchange", "codes_heldchange", "codes_runcitizen"),
        days=2 * YEAR,
        steps=(
            Step(
                "codes_heldchange",
                age="(SELECT g.closed_at FROM codes_heldgroup g WHERE g.id = t.group_id)",
            ),
            Step(
                "codes_verdictchange",
                age=compose(SQL, "run_started", run="run_id"),
                free=compose(SQL, "change_is_free", bound="{{bound}}"),
                told="t.run_id",
            ),
            Step(
                "codes_runcitizen",
                age=compose(SQL, "run_started", run="run_id"),
                free="NOT EXISTS (SELECT FROM codes_verdictchange c WHERE c.run_id = t.run_id)",
            ),
        ),
        after=digests_of_swept_runs,
    ),
    DataClass(
        "effective_history",
        title=_("History of effective codes"),
        personal=_("which colour somebody showed, since when and why"),
        stays=_("what somebody showed when the time was over, and all since"),
        tables=("codes_effectivechange",),
        days=2 * YEAR,
        steps=(Step("codes_effectivechange", age="t.since", free=compose(SQL, "effective_is_free", bound="{{bound}}")),),
    ),
    DataClass(
        "facts",
        title=_("Records of sources and answers of citizens"),
        personal=_("where somebody was, whom they met, their tests and symptoms"),
        stays=_("of whose nobody is: the record's number and a digest, by which it is known when it comes again"),
        tables=("codes_fact",),
        days=YEAR,
        steps=(
            Step(
                "codes_fact",
                age=FACT_AGE,
                present=IS_SOMEBODYS,
                free=compose(
                    SQL,
                    "fact_is_free",
                    nothing_holds=NOTHING_HOLDS,
                    age_of_kept=compose(SQL, "fact_age", fact="k"),
                    bound="{{bound}}",
                ),
                clear={"citizen_id": NOBODY, "area": "NULL", "detail": "'{}'", "revoked": "true"},
                unit="t.citizen_id",
                at_once=PEOPLE_AT_ONCE,
            ),
        ),
        before=make_nobody,
    ),
    DataClass(
        "entries",
        title=_("Declarations and check-ins"),
        personal=_("what somebody answered, and how they were on each day"),
        stays=_("the last answer to each question; of the others the entry's number and a digest, with nobody's name"),
        tables=("codes_entry", "codes_checkindays"),
        days=YEAR,
        steps=(
            Step(
                "codes_entry",
                age="CASE WHEN t.type = 'check_in' THEN greatest(t.received_at, (t.day + 1)::timestamp AT TIME ZONE 'UTC') END",
                present=IS_SOMEBODYS,
                free=compose(SQL, "check_in_is_free", nothing_holds=NOTHING_HOLDS),
                clear={"citizen_id": NOBODY, "content": "'{}'"},
                unit="t.citizen_id",
                at_once=PEOPLE_AT_ONCE,
            ),
            Step(
                "codes_entry",
                age="CASE WHEN t.type = 'declaration' THEN t.received_at END",
                present=IS_SOMEBODYS,
                free=compose(SQL, "declaration_is_free", nothing_holds=NOTHING_HOLDS),
                clear={"citizen_id": NOBODY, "content": "'{}'"},
                unit="t.citizen_id",
                at_once=PEOPLE_AT_ONCE,
            ),
            Step(
                "codes_entry",
                age="CASE WHEN t.type = 'displayed' THEN t.received_at END",
                present=IS_SOMEBODYS,
                clear={"citizen_id": NOBODY, "content": "'{}'"},
            ),
            Step(
                "codes_checkindays",
                age="lower(t.days)::timestamp AT TIME ZONE 'UTC'",
                free=compose(SQL, "days_are_free", nothing_holds=NOTHING_HOLDS, bound="{{bound}}"),
                clear={"days": "t.days * datemultirange(daterange(({{bound}} AT TIME ZONE 'UTC')::date + 1, NULL))"},
            ),
        ),
        before=make_nobody,
    ),
    DataClass(
        "displayed",
        title=_("Colours that providers displayed"),
        personal=_("which colour a provider showed somebody, and whether it was wrong"),
        stays=_("what is wrong now; of each cause the item with its provider, without anybody's name"),
        tables=("codes_displayed", "codes_displayfinding", "codes_displaychange"),
        days=YEAR,
        steps=(
            Step(
                "codes_displayed",
                age="t.shown_at",
                free="NOT EXISTS (SELECT FROM codes_displayfinding f WHERE f.citizen_id = t.citizen_id"
                " AND f.provider_id = t.provider_id AND f.closed_at IS NULL)",
            ),
            Step(
                "codes_displaychange",
                age="(SELECT f.closed_at FROM codes_displayfinding f WHERE f.id = t.finding_id)",
            ),
            Step(
                "codes_displayfinding",
                age="t.closed_at",
                free="NOT EXISTS (SELECT FROM codes_displaychange c WHERE c.finding_id = t.id)",
            ),
        ),
    ),
    DataClass(
        "people",
        title=_("People"),
        personal=_("ID number and phone (encrypted), name; with whom somebody applied for a code; which messages they chose"),
        stays=_("everything: whoever has applied may show their code on any day"),
        tables=("codes_citizen", "codes_formerref", "codes_statedname", "codes_registration", "codes_messagechoice"),
    ),
    DataClass(
        "colours",
        title=_("Colours that stand"),
        personal=_("who is red, yellow or unknown, and where the providers differ"),
        stays=_("everything: it is what is shown today"),
        tables=("codes_verdict", "codes_effectivecode", "codes_nextchange", "codes_duecitizen", "codes_prepareddiagnosis"),
    ),
    DataClass(
        "phones",
        title=_("Earlier phones and messages about them"),
        personal=_("phones (encrypted), and who changed them when"),
        stays=_("the entries in the journal"),
        tables=("codes_phonechange", "codes_phonenotice"),
        days=3 * YEAR,
        steps=(
            Step(
                "codes_phonenotice",
                age="(SELECT c.decided_at FROM codes_phonechange c WHERE c.id = t.change_id)",
            ),
            Step("codes_phonechange", age="t.decided_at"),
        ),
    ),
    DataClass(
        "messages",
        title=_("Messages"),
        personal=_("what somebody was told of their code, their appeals and reviews and their family, and when they read it"),
        stays=_("nothing"),
        tables=("codes_message",),
        days=YEAR,
        steps=(Step("codes_message", age="t.made_at", free="t.state NOT IN ('waiting', 'sending')"),),
    ),
    DataClass(
        "accesses",
        title=_("Who has read somebody's data"),
        personal=_("who read what about whom, and what for"),
        stays=_("the entries in the journal"),
        tables=("codes_personaccess",),
        days=3 * YEAR,
        steps=(Step("codes_personaccess", age="t.at"),),
    ),
    *REVIEW_CLASSES,
    DataClass(
        "diagnoses",
        title=_("Why providers differed"),
        personal=_("the records at the root of somebody's disagreement"),
        stays=_("the colours of the disagreement, and its case"),
        tables=("codes_pairdiagnosis", "codes_disagreement"),
        days=3 * YEAR,
        steps=(
            Step(
                "codes_pairdiagnosis",
                age="(SELECT r.started_at FROM codes_disagreement d JOIN codes_run r ON r.id = d.closed_run_id"
                " WHERE d.id = t.disagreement_id)",
                free="NOT EXISTS (SELECT FROM codes_case k WHERE k.disagreement_id = t.disagreement_id"
                " AND (k.closed_at IS NULL OR k.closed_at >= {{bound}}))",
            ),
            Step(
                "codes_disagreement",
                age=compose(SQL, "run_started", run="closed_run_id"),
                free="NOT EXISTS (SELECT FROM codes_case k WHERE k.disagreement_id = t.id)"
                " AND NOT EXISTS (SELECT FROM codes_pairdiagnosis p WHERE p.disagreement_id = t.id)",
            ),
        ),
    ),
    DataClass(
        "gate_scans",
        title=_("Scans at gates"),
        personal=_("when a pass was shown at which gate, under a keyed hash that no name belongs to"),
        stays=_("nothing"),
        tables=("codes_gatescan",),
        days=14,
        steps=(Step("codes_gatescan", age="t.at"),),
    ),
    DataClass(
        "run_errors",
        title=_("Errors of runs"),
        personal=_("the words of an error, which may repeat a value"),
        stays=_("the run and its counts"),
        tables=("codes_runerror",),
        days=90,
        steps=(Step("codes_runerror", age="t.at"),),
    ),
    DataClass(
        "subject_counts",
        title=_("What the sentinel counts"),
        personal=_("user names of officials with counts; nobody else"),
        stays=_("the alarms"),
        tables=("codes_subjectcount", "codes_alarm", "codes_alarmacknowledgement"),
        days=2 * YEAR,
        steps=(Step("codes_subjectcount", age="t.day::timestamp AT TIME ZONE 'UTC'"),),
    ),
    DataClass(
        "webhook_deliveries",
        title=_("What webhooks were told"),
        personal=_("colours and cases under the provider's own word for a person"),
        stays=_("the webhook; what waits to be sent"),
        tables=("codes_webhookdelivery",),
        days=30,
        steps=(Step("codes_webhookdelivery", age="t.made_at", free="t.state <> 'waiting'"),),
    ),
    DataClass(
        "rehearsals",
        title=_("Lists of who would change colour by a draft"),
        personal=_("masked names and references, in files"),
        stays=_("the counts by which it was decided"),
        tables=("codes_draftrehearsal",),
        days=90,
        steps=(
            Step(
                "codes_draftrehearsal",
                age="t.ended_at",
                present="t.file NOT IN ('', 'swept')",
                free="EXISTS (SELECT FROM codes_rulesetdraft d WHERE d.id = t.draft_id AND d.state NOT IN ('editing', 'proposed'))",
                clear={"file": "'swept'"},
                told="t.file",
            ),
        ),
        after=remove_rehearsal_lists,
    ),
    DataClass(
        "api_answers",
        title=_("Answers to calls that may come again"),
        personal=_("what a provider was answered, encrypted"),
        stays=_("nothing"),
        tables=("codes_idempotentanswer",),
        days=1,
        steps=(Step("codes_idempotentanswer", age="t.called_at"),),
    ),
    DataClass(
        "exports",
        title=_("Exports"),
        personal=_("rows of people, in files; who asked and what for"),
        stays=_("who took out what, when and what for; the files go after a day with names and after a week without"),
        tables=("codes_exportjob", "codes_identifiedexport"),
        by="portal.sweep",
    ),
)  # fmt: skip

NOTHING_PERSONAL = {
    "codes_ruleset": "rules",
    "codes_rulesetversion": "rules, and who published them",
    "codes_rule": "rules",
    "codes_riskarea": "areas",
    "codes_rulesetdraft": "rules, and who edited them",
    "codes_provider": "settings of a provider",
    "codes_providerkey": "keyed hashes of keys, and who issued them",
    "codes_staffmail": "which mail a member of the staff wants, and when it was sent",
    "codes_webhook": "addresses of receivers, and who agreed to them",
    "codes_usednonce": "random numbers of signed calls of the last minutes",
    "codes_publishedweek": "counts that everybody may know, without groups under ten",
    "codes_displayitem": "a cause with a provider",
    "codes_replytemplate": "words of the city for anybody, and who wrote them",
    "codes_savedfilter": "filters of the queue, and which official keeps them",
    "codes_run": "instants and counts of a run",
    "codes_runsource": "which delivery a run rested on",
    "codes_runprovider": "inputs and counts of a run",
    "codes_partition": "ranges of row numbers and counts",
    "codes_gatedevice": "where a device stands, who enrolled it, and hashes of its link and secret",
    "codes_neighbour": "names, addresses and keys of other cities",
    "codes_neighbourcall": "which city called when",
    "codes_heldgroup": "a cause and counts",
    "codes_heldgroupproposal": "what two officials decided about a cause",
}
