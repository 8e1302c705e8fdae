"""Widgets of several audiences."""

from typing import Any

from django import forms


class DateInput(forms.DateInput):
    """The browser's date picker, whose value is an ISO day in every language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class SelectName(forms.Select):
    """A choice between names, such as users or files, which are not translated; the empty choice is a label of ours."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if value:
            option["attrs"]["translate"] = "no"
        return option
