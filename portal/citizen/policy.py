"""How the city takes one colour where providers differ, in a sentence for whoever it concerns."""

from django.utils.translation import gettext as _

from portal.citizen.my_code import MyCode
from portal.templatetags.page import titled
from regions.models import City


def policy_sentence(mine: MyCode, city: City) -> str:
    """Which rule of the city gave the effective colour."""
    policy, _sep, preferred = city.interim_policy.partition(":")
    if policy == "freshest":
        return _(
            "Your providers show different colours. Here the one whose data is newest counts until it is cleared up."
        )
    named = [side for side in mine.sides if policy == "prefer" and side.provider.code == preferred]
    if named and named[0].state.colour is not None:
        return _("Your providers show different colours. Here %(provider)s counts until it is cleared up.") % {
            "provider": titled(named[0].provider)
        }
    return _("Your providers show different colours. Here the stricter one counts until it is cleared up.")
