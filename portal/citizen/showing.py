"""The face of a code: word, shape, colour, and the pass that a gate reads."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from codes.effective import Standing
from codes.models import Citizen
from codes.passes.issuing import issue_pass
from codes.vocabulary import State
from portal.citizen.qr import qr_svg


@dataclass(frozen=True)
class Face:
    """What is shown at a gate, and until when its pass holds."""

    state: State
    qr: SafeString
    expires_at: datetime


def face(citizen: Citizen, standing: Standing, *, now: datetime) -> Face:
    """The face of this moment; its pass is good for a minute."""
    token, said = issue_pass(citizen, now=now, standing=standing)
    return Face(State(standing.colour), qr_svg(token, _("Pass, renewed every minute")), said.expires_at)
