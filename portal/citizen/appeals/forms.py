"""The questions of an appeal, one form per page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from codes.models import Citizen, Fact, Provider, Rule
from codes.review.appeals.policy import AppealReason, Asked, Target, targets_of
from portal.citizen.declarations.forms import PastDateField
from portal.templatetags.page import label_of, titled


@dataclass(frozen=True)
class Choice:
    """One record with one provider. ``key`` identifies it in a form.

    ``instead`` is shown if an appeal would change nothing.
    """

    key: str
    target: Target
    fact: Fact
    provider: Provider
    rule: Rule | None

    @property
    def instead(self) -> str:
        """What else the citizen can do, in the page's language."""
        return str(self.target.instead.label) if self.target.instead else ""


def choices_of(citizen: Citizen) -> list[Choice]:
    """Return every record once, with the provider where its colour is most severe, sorted by severity."""
    targets = targets_of(citizen)
    facts = Fact.objects.select_related("source", "provider").in_bulk({target.fact_id for target in targets})
    providers = Provider.objects.in_bulk({target.provider_id for target in targets})
    rules = _rules(targets, providers)
    choices: dict[int, Choice] = {}
    for target in sorted(targets, key=lambda one: one.colour != "red"):
        key = f"{target.provider}.{target.rule}.{target.fact_id}"
        rule = rules.get((providers[target.provider_id].rule_set_id, target.rule))
        choices.setdefault(
            target.fact_id, Choice(key, target, facts[target.fact_id], providers[target.provider_id], rule)
        )
    return list(choices.values())


def _rules(targets: Sequence[Target], providers: dict[int, Provider]) -> dict[tuple[int, str], Rule]:
    """Return the newest version of each rule, for its title."""
    wanted = Rule.objects.filter(
        code__in={target.rule for target in targets},
        version__rule_set__in={one.rule_set_id for one in providers.values()},
    )
    return {
        (rule.version.rule_set_id, rule.code): rule for rule in wanted.select_related("version").order_by("version")
    }


LONGEST_TEXT = 2000
CHOOSE = {"required": _("Choose one."), "invalid_choice": _("Choose one.")}


class TargetForm(forms.Form):
    target = forms.ChoiceField(
        label=_("Which record is wrong?"),
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )

    def __init__(self, *args: Any, choices: Sequence[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [(one.key, _target_label(one)) for one in choices]  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("What is wrong with it?"),
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )

    def __init__(self, *args: Any, reasons: Sequence[AppealReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [(one.value, capfirst(str(one.label))) for one in reasons]  # type: ignore[attr-defined]


class StatementForm(forms.Form):
    tested_on = PastDateField(label=_("On which day were you tested?"))
    text = forms.CharField(
        label=_("Is there anything to add?"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST_TEXT,
        required=False,
        help_text=_("A sentence or two. Whoever looks into it reads this first."),
    )

    def __init__(self, *args: Any, asked: Asked, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asked.test_day:
            del self.fields["tested_on"]
        self.fields["text"].required = asked.text
        if asked.text:
            self.fields["text"].label = _("What is wrong, in your words?")


class UploadForm(forms.Form):
    """One file at a time, such as a photo from the phone's camera."""

    file = forms.FileField(
        label=_("Add a photo or a PDF"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,application/pdf"}),
        help_text=_("Up to 5 files of 10 MB. What the camera hides in a picture, such as the place, is removed."),
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty. Choose another.")},
    )


class ObjectionForm(forms.Form):
    text = forms.CharField(
        label=_("Why do you disagree?"), widget=forms.Textarea(attrs={"rows": 4}), max_length=LONGEST_TEXT
    )


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=_("Your answer"), widget=forms.Textarea(attrs={"rows": 4}), max_length=LONGEST_TEXT, required=False
    )


def _target_label(choice: Choice) -> str:
    """Return the record in one line, such as “Stay in an area · City police database · Alipay”.

    A provider that is also the origin is named once.
    """
    fact = choice.fact
    whose = titled(fact.source) if fact.source else titled(fact.provider) if fact.provider else str(_("the city"))
    return " · ".join(dict.fromkeys([capfirst(label_of(fact.kind, "kind")), whose, titled(choice.provider)]))
