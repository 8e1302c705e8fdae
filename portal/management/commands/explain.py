"""``manage.py explain``: everything about one person's codes."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import override

from codes.diagnosis.sentences.context import about, context_of
from codes.diagnosis.telling import tell
from codes.effective import effective_code
from codes.models import Case, Citizen, EffectiveChange, Fact, PairDiagnosis, Rule, Run, RunProvider, Verdict
from codes.vocabulary import Because, State
from portal.commands import CityCommand, EndedBadly
from regions.masking import mask_name
from regions.vocabulary import FactKind

NOTHING = "–"


class Command(CityCommand):
    help = "Prints what each provider shows a citizen and why, the effective code, the diagnosis and the history."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--citizen", metavar="REF", required=True)
        parser.add_argument("--lang", choices=["zh-hans", "en"], default="zh-hans")

    def handle_city(self, *, citizen: str, lang: str, **_: Any) -> None:
        who = Citizen.objects.filter(ref=citizen).first()
        run = Run.objects.filter(state__in=Run.SETTLED).order_by("-pk").first()
        if who is None or run is None:
            raise EndedBadly(f"No settled run knows a citizen {citizen}.", code=2)
        with override(lang):
            self._effective(who, lang)
            for frozen in run.providers.filter(provider__registrations__citizen=who).select_related(
                "provider", "source", "version__rule_set"
            ):
                self._provider(who, frozen, lang)
            self._diagnosis(who, lang)
            self._history(who, lang)

    def _effective(self, who: Citizen, lang: str) -> None:
        now = effective_code(who.pk)
        because = Because(now.because).said_in(lang)
        self.stdout.write(f"{who.ref} {mask_name(who.full_name)}: {State(now.colour).said_in(lang)} ({because})")

    def _provider(self, who: Citizen, frozen: RunProvider, lang: str) -> None:
        titled = "zh" if lang.startswith("zh") else "en"
        verdict = Verdict.objects.filter(citizen=who, provider=frozen.provider_id).first()
        state = State(verdict.colour if verdict else "green") if frozen.known else State.UNKNOWN
        name, source = (getattr(one, f"title_{titled}") for one in (frozen.provider, frozen.source))
        edition = f"{frozen.version.rule_set.code}-{frozen.version.version}" if frozen.version else NOTHING
        self.stdout.write(f"\n{name}: {state.said_in(lang)} · {source} · {frozen.horizon or NOTHING} · {edition}")
        for hit in verdict.hits if verdict and frozen.known else []:
            rule = Rule.objects.get(pk=hit["rule_id"])
            fact = Fact.objects.get(pk=hit["fact_id"])
            kind = FactKind(fact.kind).said_in(lang)
            dates = f"{fact.started_on} – {fact.ended_on or NOTHING}, {fact.recorded_at:%Y-%m-%d %H:%M%z}"
            until = hit["until"] or NOTHING
            self.stdout.write(
                f"  {rule.code} {getattr(rule, f'reason_{titled}')} [{kind} {fact.record_id} {dates}] → {until}"
            )

    def _diagnosis(self, who: Citizen, lang: str) -> None:
        pairs = PairDiagnosis.objects.filter(disagreement__citizen=who, disagreement__closed_run__isnull=True)
        for pair in pairs.select_related("a", "b", "disagreement", "run"):
            context = about(context_of(pair.run), citizen_id=who.pk)
            told = tell(pair, audience="official", language=lang, context=context)
            self.stdout.write(f"\n{told.sentence}\n{told.outcome}\n{told.who_mends} {told.by_when}")
        for case in Case.objects.filter(citizen=who).order_by("opened_at"):
            self.stdout.write(f"{case.number} {case.state}")

    def _history(self, who: Citizen, lang: str) -> None:
        for change in EffectiveChange.objects.filter(citizen=who).order_by("since", "pk"):
            before, after = (State(one).said_in(lang) for one in (change.before, change.after))
            self.stdout.write(
                f"{change.since:%Y-%m-%d %H:%M%z}: {before} → {after} ({Because(change.after_because).said_in(lang)})"
            )
