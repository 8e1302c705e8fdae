"""How a form's fields are drawn: what describes a control is found by its id, and no id stands twice."""

import re
from collections import Counter

from django import forms

CHOICES = (("a", "A"), ("b", "B"))


class EveryKind(forms.Form):
    """A field of each shape, each with a hint."""

    text = forms.CharField(help_text="Hint of text")
    one = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, help_text="Hint of one")
    many = forms.MultipleChoiceField(choices=CHOICES, widget=forms.CheckboxSelectMultiple, help_text="Hint of many")
    yes = forms.BooleanField(help_text="Hint of yes")
    hidden = forms.CharField(widget=forms.HiddenInput)


def described(page: str) -> list[list[str]]:
    return [found.split() for found in re.findall(r'aria-describedby="([^"]*)"', page)]


def test_hints_describe_their_fields() -> None:
    page = str(EveryKind())
    ids = re.findall(r' id="([^"]*)"', page)
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    assert described(page) == [[f"id_{name}_helptext"] for name in ("text", "one", "many", "yes")]
    assert {name for names in described(page) for name in names} <= set(ids)


def test_errors_describe_their_fields_and_stand_at_them() -> None:
    page = str(EveryKind({}))
    ids = re.findall(r' id="([^"]*)"', page)
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    assert described(page) == [[f"id_{name}_helptext", f"id_{name}_error"] for name in ("text", "one", "many", "yes")]
    assert {name for names in described(page) for name in names} <= set(ids)
    assert page.count('class="field-error"') == 4
    assert 'aria-invalid="true"' in page


def test_what_need_not_be_answered_says_so() -> None:
    form = EveryKind()
    form.fields["text"].required = False
    assert 'class="optional"' in str(form["text"].as_field_group())
    assert 'class="optional"' not in str(EveryKind()["text"].as_field_group())
