"""Joining citizens whose numbers have the same normal form, with all rows that refer to them (``docs/adr/0016-one-person.md``).

Numbers are encrypted with the city's keys, and history is changed only here. Therefore this is a command, run as the
owner inside each city after every upgrade. A second run finds nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from codes.effective import lock_effective_codes
from codes.intake.check_ins import settle_days
from codes.intake.citizens import lock_intake
from codes.intake.names import compare_names
from codes.intake.phones import NamedPhone, is_another, propose_phones
from codes.models import Case, Citizen, Entry, Ruling, Run
from codes.models.case import CaseState
from codes.reconcile import JOINED, PERSON_JOINED, digests_of_joined
from codes.review.cases.move import move
from codes.review.cases.transitions import Verb
from codes.vocabulary import Colour
from regions.identity import Identity, canonical_identity
from regions.journal.record import Act, record_all
from regions.keys.encryption import decrypt_number, decrypt_phone, encrypt_number, identity_hash
from regions.sources.models import StagedRecord
from regions.sql import compose
from regions.tenancy import current_city
from regions.vocabulary import IdType, in_each_language

SQL = Path(__file__).with_suffix(".sql")
PAIR = "unnest(%(joined)s::bigint[], %(kept)s::bigint[]) AS pair(joined, kept)"
PAIRS_AT_ONCE = 500
ROWS_AT_ONCE = 5000
MERGING = (
    compose(SQL, "registrations", pair=PAIR),
    compose(SQL, "check_in_days", pair=PAIR),
    compose(SQL, "stated_names", pair=PAIR),
    compose(SQL, "displayed", pair=PAIR),
    compose(SQL, "display_findings", pair=PAIR),
    compose(SQL, "verdicts", pair=PAIR),
    compose(SQL, "next_changes", pair=PAIR),
    compose(SQL, "due", pair=PAIR),
    compose(SQL, "prepared", pair=PAIR),
    compose(SQL, "verdict_history", pair=PAIR),
    compose(SQL, "verdicts_of_past_days", pair=PAIR),
    compose(SQL, "verdict_history_left", pair=PAIR),
    compose(SQL, "effective_history", pair=PAIR),
    compose(SQL, "effective", pair=PAIR),
    compose(SQL, "disagreements", pair=PAIR),
    compose(SQL, "named_by_runs", pair=PAIR),
    compose(SQL, "own_guardians", pair=PAIR),
    compose(SQL, "double_guardians", pair=PAIR),
    compose(SQL, "double_phones", pair=PAIR),
    compose(SQL, "messages", pair=PAIR),
    compose(SQL, "message_choices", pair=PAIR),
    compose(SQL, "details", pair=PAIR),
    compose(SQL, "former_refs", pair=PAIR),
    compose(SQL, "filed_by", pair=PAIR),
    compose(SQL, "uploaded_by", pair=PAIR),
)


class RunIsOpen(RuntimeError):
    """People are not joined while a run is open."""


@dataclass
class Joined:
    """What was done: pairs of references (the removed one, the one kept), and how many numbers were only rewritten in
    the new form.
    """

    pairs: list[tuple[str, str]] = field(default_factory=list)
    rewritten: int = 0


def join_people(*, by: str, now: datetime) -> Joined:
    """Rewrite every number in its normal form and join the citizens with the same one.

    Call as the owner, inside a city.

    Raises ``RunIsOpen``.
    """
    report = Joined()
    today = current_city().day_of(now)
    with transaction.atomic():
        lock_intake()
        lock_effective_codes()
        if Run.objects.open().exists():
            raise RunIsOpen
        _rewrite_staged(today)
        pairs = list(_sort_out(today, report))
        for some in _rounds(pairs):
            _join(some, by=by, now=now)
        refs = dict(Citizen.objects.filter(pk__in=[kept for _, _, kept in pairs]).values_list("pk", "ref"))
        report.pairs = [(ref, refs[kept]) for ref, _, kept in pairs]
        acts = [Act(PERSON_JOINED, f"citizen:{kept}", {"joined": gone}) for gone, kept in report.pairs]
        if runs := digests_of_joined([kept for _, _, kept in pairs]):
            acts.append(Act(JOINED, "city", {"runs": runs}))
        record_all(acts, by=by, now=now)
    return report


Pair = tuple[str, int, int]
"""The reference and primary key of the citizen who is removed, and the primary key of the one who is kept."""


def _sort_out(today: date, report: Joined) -> Iterator[Pair]:
    """Yield the pairs to join. A number that nobody else has is rewritten in the new form at once.

    Numbers stored as resident IDs have the normal form already; the others are few.
    """
    for citizen in Citizen.objects.exclude(id_type=IdType.RESIDENT_ID).order_by("known_since", "pk").iterator():
        stored = Identity(IdType(citizen.id_type), decrypt_number(bytes(citizen.id_encrypted)))
        wanted = canonical_identity(stored, today=today)
        if wanted == stored:
            continue
        hashed = identity_hash(wanted)
        same = Citizen.objects.filter(id_hash=hashed).values_list("pk", flat=True).first()
        if same is not None:
            yield citizen.ref, citizen.pk, same
        else:
            changed = {"id_type": wanted.id_type.value, "id_hash": hashed, "id_encrypted": encrypt_number(wanted)}
            Citizen.objects.filter(pk=citizen.pk).update(**changed)
            report.rewritten += 1


def _rewrite_staged(today: date) -> None:
    """Rewrite the staged records of deliveries that wait for two people, so that they find their citizens by the new form."""
    waiting = StagedRecord.objects.exclude(id_type=IdType.RESIDENT_ID)
    changed = []
    for row in waiting.only("id_type", "id_hash", "id_encrypted").iterator(ROWS_AT_ONCE):
        stored = Identity(IdType(row.id_type), decrypt_number(bytes(row.id_encrypted)))
        wanted = canonical_identity(stored, today=today)
        if wanted != stored:
            row.id_type, row.id_hash = wanted.id_type.value, identity_hash(wanted)
            row.id_encrypted = encrypt_number(wanted)
            changed.append(row)
    StagedRecord.objects.bulk_update(changed, ["id_type", "id_hash", "id_encrypted"], batch_size=ROWS_AT_ONCE)


def _rounds(pairs: Sequence[Pair]) -> Iterator[list[Pair]]:
    """Yield the pairs in groups in which nobody is joined with two others."""
    left = list(pairs)
    while left:
        taken: dict[int, Pair] = {}
        later = []
        for pair in left:
            if pair[2] in taken or len(taken) == PAIRS_AT_ONCE:
                later.append(pair)
            else:
                taken[pair[2]] = pair
        yield list(taken.values())
        left = later


def _join(pairs: Sequence[Pair], *, by: str, now: datetime) -> None:
    joined, kept = [gone for _, gone, _ in pairs], [stays for _, _, stays in pairs]
    phones = _other_phones(pairs)
    for gone, stays in zip(joined, kept, strict=True):
        _close_doubles(gone, stays, by=by, now=now)
    values: dict[str, Any] = {"joined": joined, "kept": kept, "now": now, "counted": list(Run.COUNTED)}
    with connection.cursor() as cursor:
        for statement in MERGING:
            cursor.execute(statement, values)
        for table, column in _references():
            cursor.execute(
                f'UPDATE "{table}" SET "{column}" = pair.kept FROM {PAIR} WHERE "{column}" = pair.joined',  # noqa: S608 - names of our own models
                values,
            )
        cursor.execute("DELETE FROM codes_citizen WHERE id = ANY (%(joined)s)", values)
    # On one day the two may have reported different health.
    unwell = Entry.objects.filter(citizen__in=kept, type="check_in", healthy=False)
    settle_days([(one.citizen_id, one.provider_id, one.day) for one in unwell if one.day], now=now)
    propose_phones(phones, by=by, now=now)
    compare_names(kept)


def _references() -> Iterable[tuple[str, str]]:
    """Yield every column that refers to a citizen, read from the models so that new tables are included."""
    for relation in Citizen._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and relation.related_model is not None:
            yield relation.related_model._meta.db_table, str(relation.field.column)  # type: ignore[union-attr]


def _other_phones(pairs: Sequence[Pair]) -> list[NamedPhone]:
    """Return the phones of the citizens who are removed, if those who are kept have different ones."""
    people = Citizen.objects.in_bulk([key for _, gone, stays in pairs for key in (gone, stays)])
    found = []
    for _ref, gone, stays in pairs:
        encrypted = people[gone].phone_encrypted
        phone = decrypt_phone(bytes(encrypted)) if encrypted is not None else ""
        if phone and is_another(people[stays], phone):
            found.append(NamedPhone(people[stays], None, phone))
    return found


def _close_doubles(gone: int, stays: int, *, by: str, now: datetime) -> None:
    """Close one of two rows of which only one may be open or in force, with a reference to the other."""
    for case in Case.objects.open().filter(citizen=gone).order_by("pk"):
        other = Case.objects.open().filter(citizen=stays, kind=case.kind).first()
        if other is not None:
            _close_case(case, other, by=by, now=now)
    proposed = Ruling.objects.waiting().filter(citizen=gone).first()
    if proposed is not None and Ruling.objects.waiting().filter(citizen=stays).exists():
        _withdraw(proposed, by=by, now=now)
    in_force = {
        one.citizen_id: one for one in Ruling.objects.filter(citizen__in=[gone, stays], state=Ruling.State.APPROVED)
    }
    if len(in_force) == 2:
        # The stricter ruling stays; of two with the same colour, that of the citizen who is kept.
        weaker = min(in_force.values(), key=lambda one: (Colour(one.colour).severity, one.citizen_id == stays))
        Ruling.objects.filter(pk=weaker.pk).update(state=Ruling.State.ENDED, ended_at=now)


def _close_case(case: Case, other: Case, *, by: str, now: datetime) -> None:
    proposed = Ruling.objects.waiting().filter(case=case).first()
    if proposed is not None:
        _withdraw(proposed, by=by, now=now)
        case.refresh_from_db()
    answer = _answer(other.number)
    data = {"joined": other.number}
    move(case, Verb.CONVERGE, by=by, now=now, data=data, outcome=CaseState.CONVERGED.value, answer=answer)
    severity = "red" if "red" in (case.severity, other.severity) else other.severity
    Case.objects.filter(pk=other.pk).update(severity=severity, due_at=min(case.due_at, other.due_at))


def _withdraw(ruling: Ruling, *, by: str, now: datetime) -> None:
    """Withdraw a proposal in favour of the other one. Its case returns to the reviewers."""
    Ruling.objects.filter(pk=ruling.pk).update(state=Ruling.State.WITHDRAWN, ended_at=now)
    if ruling.case is not None and ruling.case.state == CaseState.PROPOSED:
        move(ruling.case, Verb.WITHDRAW_PROPOSAL, by=by, now=now)


def _answer(number: str) -> str:
    """Return the answer for the citizen, in every language."""

    def write(_language: str) -> str:
        return _("It is dealt with together with case {number}.").format(number=number)

    return " ".join(in_each_language(write))
