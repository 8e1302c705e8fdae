"""Why an action of the review is refused, each with what to do instead, in words for the person who asked."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Reason(TextChoices):
    NOT_NOW = "not_now", _("This cannot be done in the present state. Reload the page to see where it stands.")
    HELD_BY_ANOTHER = (
        "held_by_another",
        pgettext_lazy("reason", "A colleague holds this case. Take it over first if you are to decide it."),
    )
    NOT_A_REVIEWER = (
        "not_a_reviewer",
        _("A case can only be given to an active reviewer of this city. Choose somebody else."),
    )
    RULED_ALREADY = "ruled_already", _("The record is ruled to be wrong already; there is nothing to propose.")
    PART_OF_GROUP = (
        "part_of_group",
        _("The record is one of a group's wrong records ruled on together; decide it there with the others."),
    )
    NOTHING_TO_SUPPRESS = (
        "nothing_to_suppress",
        _("Nothing is left in this group that could be ruled on. Reload the page to see where it stands."),
    )
    TURNS_STRICTER = (
        "turns_stricter",
        _("By now this would turn somebody's colour stricter. Refuse it and have it proposed anew."),
    )
    UNKNOWN_REASON = "unknown_reason", _("Choose a reason from the list.")
    REASON_DOES_NOT_FIT = (
        "reason_does_not_fit",
        _("This reason does not carry this decision. Choose another of the two."),
    )
    NO_EVIDENCE = "no_evidence", _("A decision rests on evidence. Attach at least one file or record.")
    UNKNOWN_EVIDENCE = "unknown_evidence", _("The evidence does not exist or is not of this person. Choose again.")
    END_DATE = "end_date", _("The end date must lie between tomorrow and 30 days from now. Change it.")
    EXPIRED_PROPOSAL = "expired_proposal", _("The proposed end date has passed. Refuse it and have it proposed anew.")
    NEW_RECORDS = (
        "new_records",
        _("A more severe record has arrived since it was proposed. Refuse it; it must be looked at again."),
    )
    NO_BULK_RED = (
        "no_bulk_red",
        _("No bulk action turns anyone red or makes a colour stricter. Decide such cases one by one."),
    )
    TOO_MANY = "too_many", _("At most 5,000 cases can be handled at once. Narrow the filter.")
    COMPLEX_ALREADY = "complex_already", _("The case has the longer time already; it is not extended again.")
    NOT_A_SOURCE_RECORD = (
        "not_a_source_record",
        _("The person declared this themselves; a new declaration corrects it."),
    )
    ASKED_ALREADY = "asked_already", _("The same has been asked and not been answered yet. Wait for the answer.")
    WITHDRAWAL_OVER = (
        "withdrawal_over",
        _("After ten minutes an appeal can no longer be withdrawn. Wait for the answer; you can object to it then."),
    )
    DISAGREEMENT_OVER = (
        "disagreement_over",
        _("Objections are taken for 30 days after the answer. With new evidence, appeal again."),
    )
    APPEALED_ALREADY = (
        "appealed_already",
        _("An appeal of yours is being handled; a second one would only delay it. Follow that one."),
    )
    NOTHING_TO_APPEAL = (
        "nothing_to_appeal",
        _("This record does not hold your code at present; there is nothing to appeal against."),
    )
    CANNOT_APPEAL = (
        "cannot_appeal",
        _("A colour of this kind is not changed by an appeal. The page says what you can do instead."),
    )
    FILES_MISSING = "files_missing", _("This reason needs evidence. Upload what the page asks for.")
    TEST_DATE = (
        "test_date",
        _("Say when you were tested. It must be on a day after the day of the record, and not in the future."),
    )
    TEXT_TOO_LONG = "text_too_long", _("The text is too long: 2,000 characters at most.")
    NOTHING_TO_SAVE = ("nothing_to_save", _("Narrow the queue first, and give the filter a name."))
    FILTER_NAME_TAKEN = ("filter_name_taken", _("Another of your filters has this name. Choose another."))
    TOO_MANY_FILTERS = ("too_many_filters", _("You have {most} filters already. Remove one first."))
    UNKNOWN_PLACE = ("unknown_place", _("Nothing fills {{{place}}}. Use the places that are named below the text."))
    TEMPLATE_NAME_TAKEN = ("template_name_taken", _("Another template for the same use has this name. Choose another."))
    TEMPLATE_TOO_LONG = (
        "template_too_long",
        _("The template is too long: {most} characters in each language at most."),
    )
    NO_SUCH_COLLEAGUE = (
        "no_such_colleague",
        _("Nobody who works on cases here is called @{name}. Choose a name from the list."),
    )
    OVERTURNED = (
        "overturned",
        _(
            "A second look has found otherwise than you. This time a colleague closes the case, or you propose a colour."
        ),
    )
    OWN_DECISION = ("own_decision", _("You closed this case yourself; a second look is a colleague's."))
    PURPOSE_MISSING = "purpose_missing", _("Seeing who somebody is needs a purpose. State it.")
