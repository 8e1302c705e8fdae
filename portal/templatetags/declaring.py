"""A declaration's answers in words."""

from collections.abc import Mapping
from typing import Any

from django import template

from portal.citizen.declaring.answers import stay_told as told

register = template.Library()


@register.filter
def stay_told(stay: Mapping[str, Any]) -> str:
    """Where and when."""
    return told(stay)
