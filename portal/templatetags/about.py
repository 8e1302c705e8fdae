"""Addresses of pages about the person the present page is about."""

from typing import Any

from django import template

from portal.citizen.subject import address

register = template.Library()


@register.simple_tag(takes_context=True)
def about(context: dict[str, Any], name: str, **kwargs: str | int) -> str:
    """``{% about 'citizen_code' %}``: one's own page, or the same page of the dependant this one is about."""
    return address(context["request"], name, **kwargs)
