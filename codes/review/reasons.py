"""The reasons that officials choose from, and which decisions each can justify."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.vocabulary import Colour


class RulingReason(TextChoices):
    WRONG_PERSON = "wrong_person", _("The record is about somebody else")
    RECORD_WRONG = "record_wrong", _("The record is wrong")
    NOT_THERE = "not_there", _("The person was not there")
    WRONG_DATES = "wrong_dates", _("The record's dates are wrong")
    ISOLATION_DONE = "isolation_done", _("Isolation was completed; its record has not arrived")
    TESTED_SINCE = "tested_since", _("Tested negative since; the record has not arrived")
    EXCLUDED = "excluded", _("Found not to be a case or a contact")
    DECLARED_BY_MISTAKE = "declared_by_mistake", _("Declared by mistake and put right")
    RULE_MISAPPLIED = "rule_misapplied", _("The rule does not fit the facts")
    OLDER_DATA = "older_data", _("One side's data is older; the newer counts")
    LESS_SEVERE = "less_severe", _("Less severe than recorded: yellow is enough")
    OWNER_CONFIRMED = "owner_confirmed", _("The record's owner confirmed it")
    FALSE_DECLARATION = "false_declaration", _("A false declaration is proven")


_RELIEF = frozenset({Colour.GREEN, Colour.YELLOW})
_STRICT = frozenset({Colour.RED, Colour.YELLOW})

# Every colour needs a reason that justifies it: a reason for a lighter colour cannot justify a stricter one, and the
# other way round.
CARRIES: dict[RulingReason, frozenset[Colour]] = {
    RulingReason.WRONG_PERSON: _RELIEF,
    RulingReason.RECORD_WRONG: _RELIEF,
    RulingReason.NOT_THERE: _RELIEF,
    RulingReason.WRONG_DATES: _RELIEF,
    RulingReason.ISOLATION_DONE: _RELIEF,
    RulingReason.TESTED_SINCE: _RELIEF,
    RulingReason.EXCLUDED: _RELIEF,
    RulingReason.DECLARED_BY_MISTAKE: _RELIEF,
    RulingReason.RULE_MISAPPLIED: _RELIEF,
    RulingReason.OLDER_DATA: frozenset(Colour),
    RulingReason.LESS_SEVERE: frozenset({Colour.YELLOW}),
    RulingReason.OWNER_CONFIRMED: _STRICT,
    RulingReason.FALSE_DECLARATION: _STRICT,
}


class SuppressionReason(TextChoices):
    WRONG_PERSON = "wrong_person", _("It is about somebody else")
    NEVER_HAPPENED = "never_happened", _("What it says did not happen")
    DUPLICATE = "duplicate", _("It is a duplicate")
    WRONG_KIND = "wrong_kind", _("It is of the wrong kind")
    WRONG_DATES = "wrong_dates", _("Its dates are wrong")
    WRONG_AREA = "wrong_area", _("Its area is wrong")
    BAD_BATCH = "bad_batch", _("Its batch was faulty")
    OWNER_CORRECTED = "owner_corrected", _("The city that it comes from put it right")


class RulingEndReason(TextChoices):
    """Why a ruling ends before its day. Its citizen reads it."""

    NEWER_FACTS = "newer_facts", _("Newer records or evidence say otherwise")
    GROUNDS_UNTRUE = "grounds_untrue", _("What the decision rested on proved to be untrue")
    NOT_KEPT = "not_kept", _("A condition of the decision was not kept")
    NOT_NEEDED = "not_needed", _("The records were put right, so the decision is no longer needed")
    DECIDED_BY_MISTAKE = "decided_by_mistake", _("The decision was a mistake")


class SuppressionEndReason(TextChoices):
    """Why a record that was left out counts again. Its citizen reads it."""

    FOUND_RIGHT = "found_right", _("The record was checked again and is right")
    DOUBT_UNTRUE = "doubt_untrue", _("What spoke against the record proved to be untrue")
    LEFT_OUT_BY_MISTAKE = "left_out_by_mistake", _("The record was left out by mistake")


class UpholdReason(TextChoices):
    RECORD_CONFIRMED = "record_confirmed", _("The record was checked and is right")
    EVIDENCE_UNFIT = "evidence_unfit", _("The evidence does not show it")
    MEASURE_RUNS = "measure_runs", _("The set period has to be completed")
    TEST_TOO_EARLY = "test_too_early", _("The test was before the record")
    MENDS_ITSELF = "mends_itself", _("The codes will agree once the data has arrived")
    OTHER_PLACE = "other_place", _("Another place gave the colour and must clear it")
    DECLARE_AGAIN = "declare_again", _("A new declaration puts it right")


class RefusalReason(TextChoices):
    EVIDENCE_THIN = "evidence_thin", _("The evidence is too thin")
    REASON_UNFIT = "reason_unfit", _("The reason does not fit the facts")
    COLOUR_UNFIT = "colour_unfit", _("The colour is too lenient or too strict")
    TOO_LONG = "too_long", _("It would hold too long")
    NEW_RECORDS = "new_records", _("New records have arrived")
