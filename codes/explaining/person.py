"""Who it is, as far as may be shown without a purpose, and everything that makes their code."""

from collections.abc import Iterator

from codes.effective import effective_code
from codes.explaining.providers import told_by_providers
from codes.explaining.review import told_cases, told_history, told_pairs
from codes.explaining.words import Label, Teller
from codes.forecast import effective_outlook, progress
from codes.models import Citizen, Provider, Run
from codes.vocabulary import Because, State
from regions.keys.sealing import open_number
from regions.masking import mask_name, mask_number
from regions.tenancy import current_city
from regions.vocabulary import IdType


def explained(who: Citizen, *, language: str) -> Iterator[str]:
    """The lines of an explanation in ``zh-hans`` or ``en``; instants are the city's. Call with that language active."""
    tell = Teller(language, current_city().zone)
    number = mask_number(open_number(bytes(who.id_encrypted)))
    yield f"{who.ref} · {mask_name(who.full_name)} · {tell.say(IdType(who.id_type))} {number}"
    yield f"{tell.named(Label.KNOWN_SINCE, tell.at(who.known_since))} · {tell.named(Label.TIMES, current_city().timezone)}"
    for one in who.registrations.select_related("provider").order_by("registered_at", "provider__code"):
        yield tell.named(
            Label.REGISTERED, f"{tell.titled(one.provider)} ({one.provider.code}) {tell.at(one.registered_at)}"
        )
    judged = Run.objects.judging(who.pk).first()
    if judged is None:
        yield tell.say(Label.NO_RUN)
        return
    standing = effective_code(who.pk)
    said = f"{tell.say(State(standing.colour))} · {tell.say(Because(standing.because))}"
    yield f"{tell.named(Label.EFFECTIVE, said)} · {tell.named(Label.SINCE, tell.at(standing.since))}"
    if way := effective_outlook(who.pk):
        titles = {one.code: tell.titled(one) for one in Provider.objects.all()}
        forward = progress(way, language=language, title_of=lambda code: titles.get(code, code))
        yield tell.named(Label.TURNS_GREEN, forward.turns_green_on)
    yield tell.named(Label.JUDGED, f"{judged} {tell.at(judged.as_of)}")
    yield from told_by_providers(who, judged, tell)
    yield from told_pairs(who, tell)
    yield from told_cases(who, tell)
    yield from told_history(who, tell)
