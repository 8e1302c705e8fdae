"""Celery tasks. Each is thin: it enters its city and calls one action. Arguments are values; only openings work in ``public``.

A task that is enqueued twice or lost does no harm: the database determines what is to be done, and the sweeper enqueues it again. A
task whose city is suspended does nothing; in a suspended city only journal, replays, retention and counts continue. A verification or
a replay that somebody asked for is the exception: if it is lost, they ask again.
"""

from celery import shared_task
from django.utils import timezone

from codes.cities.exchange import exchange
from codes.cities.neighbours import fetch_lists, note_neighbours
from codes.city_counts import update_city_counts
from codes.display.findings import update_findings
from codes.messages.outbox import write_messages_of_ending_rulings
from codes.models import GateDevice, GateDeviceState, Run
from codes.opening_requests import open_asked, sweep_openings
from codes.public_figures import publish_weeks
from codes.reports.identified import lapse_unanswered
from codes.reports.jobs import sweep_exports, write_export
from codes.reports.replay import replay_and_note
from codes.review.cases.sweep import sweep_reviews
from codes.risk_lists import draft_in_city, look_after, open_drafts, sweep_risk_lists
from codes.runs.ledger import run_to_wake, start_if_due
from codes.runs.partitions import work_partition
from codes.runs.steps import advance
from codes.suspension import carry_out_lately
from codes.webhooks.deliver import deliver, due_webhooks
from codes.witnessing import heads_elsewhere, witness_all
from regions.each_city import enqueue_found, for_each, in_each
from regions.enqueueing import enqueue
from regions.journal.checkpoints import write_checkpoint
from regions.journal.verify import verify_and_record
from regions.retention.sweeping import carry_out, sweep_public, sweep_waiting
from regions.tenancy import all_schemas, current_city, in_city, is_suspended, working_schemas
from regions.vocabulary import Recognition


def enqueue_run(schema: str, run_id: int) -> bool:
    return enqueue(advance_run, schema, run_id)


@shared_task(name="codes.advance_run")
def advance_run(schema: str, run_id: int) -> int:
    """Do one step of a run and enqueue its waiting partitions. Return their number."""
    if is_suspended(schema):
        return 0
    with in_city(schema):
        waiting = _advance(run_id)
    for number in waiting:
        enqueue(judge_partition, schema, run_id, number)
    return len(waiting)


@shared_task(name="codes.judge_partition")
def judge_partition(schema: str, run_id: int, number: int) -> bool:
    """Judge one partition, and if it was the last one, go on with the run. Return whether it was the last."""
    if is_suspended(schema):
        return False
    with in_city(schema):
        done = work_partition(run_id, number, clock=timezone.now)
        waiting = _advance(run_id) if done else []
    return done and not waiting


def _advance(run_id: int) -> list[int]:
    """Do one step. When the run has ended, sign the journal at once, so that its last entries cannot be cut off unnoticed."""
    waiting = advance(run_id, clock=timezone.now)
    if not waiting and not Run.objects.open().filter(pk=run_id).exists():
        write_checkpoint(now=timezone.now())
    return waiting


def enqueue_export(schema: str, job_id: int) -> bool:
    return enqueue(write_one_export, schema, job_id)


@shared_task(name="codes.write_export")
def write_one_export(schema: str, job_id: int) -> bool:
    """Write one export. Return whether this call finished it."""
    if is_suspended(schema):
        return False
    with in_city(schema):
        return write_export(job_id, clock=timezone.now)


def enqueue_verification(schema: str, by: str) -> bool:
    return enqueue(verify_one_journal, schema, by)


@shared_task(name="codes.verify_journal")
def verify_one_journal(schema: str, by: str) -> bool:
    """Verify a city's journal and record the result. Return whether it is intact."""
    heads = heads_elsewhere(schema)
    with in_city(schema):
        return verify_and_record(by=by, now=timezone.now(), heads=heads).broken_at is None


def enqueue_replay(schema: str, run_id: int, by: str) -> bool:
    return enqueue(replay_one_run, schema, run_id, by)


@shared_task(name="codes.replay_run")
def replay_one_run(schema: str, run_id: int, by: str) -> bool:
    """Replay a run and record the result. Return whether there are no differences."""
    with in_city(schema):
        return not replay_and_note(Run.objects.get(pk=run_id), by=by, now=timezone.now()).differences


def enqueue_idle_exports(schema: str) -> int:
    """Enqueue exports that no worker has, remove expired ones, and close unanswered requests. Return the number enqueued."""

    def find() -> list[int]:
        lapse_unanswered(now=timezone.now())
        return sweep_exports(now=timezone.now())

    return enqueue_found(schema, find, enqueue_export)


def enqueue_opening(opening_id: int) -> bool:
    return enqueue(open_one_city, opening_id)


@shared_task(name="codes.open_city")
def open_one_city(opening_id: int) -> bool:
    """Open one city as the owner. Return whether it was opened. Runs in ``public``, because the city may not exist yet."""
    opened = open_asked(opening_id, clock=timezone.now)
    if opened is None:
        return False
    with in_city(opened.city.schema_name):
        write_checkpoint(now=timezone.now())
    update_city_counts(opened.city.schema_name, now=timezone.now())
    return True


@shared_task(name="codes.sweep_suspensions")
def sweep_suspensions() -> int:
    """Carry out in cities the operators' recent decisions that were left undone. Return the number of decisions."""
    return carry_out_lately(now=timezone.now())


@shared_task(name="codes.sweep_openings")
def sweep_all_openings() -> int:
    """Enqueue openings that no worker has. Return their number."""
    waiting = sweep_openings(now=timezone.now())
    for opening_id in waiting:
        enqueue_opening(opening_id)
    return len(waiting)


def enqueue_risk_list(delivery_id: int) -> bool:
    return enqueue(draft_risk_list, delivery_id)


@shared_task(name="codes.draft_risk_list")
def draft_risk_list(delivery_id: int) -> bool:
    """Create the drafts of a risk list of the province in one city. Return whether this call claimed it."""
    return draft_in_city(delivery_id, clock=timezone.now)


@shared_task(name="codes.sweep_risk_lists")
def sweep_all_risk_lists() -> int:
    """Enqueue the deliveries of risk lists that no worker has, and store what cities have decided. Return the number enqueued."""
    waiting = sweep_risk_lists(now=timezone.now())
    for delivery_id in waiting:
        enqueue_risk_list(delivery_id)
    drafted = open_drafts()
    schemas = sorted({one.city.schema_name for one in drafted})
    for_each(schemas, lambda schema: sum(look_after(one) for one in drafted if one.city.schema_name == schema))
    return len(waiting)


@shared_task(name="codes.sum_up_cities")
def sum_up_cities() -> int:
    """Update every city's counts for the operator. Return the number of cities."""

    def count(schema: str) -> int:
        update_city_counts(schema, now=timezone.now())
        return 1

    return for_each(all_schemas(), count)


@shared_task(name="codes.publish_weeks")
def publish_all_weeks() -> int:
    """Publish the figures of past weeks in every city. Return the number of weeks."""
    return in_each(all_schemas(), lambda: publish_weeks(now=timezone.now()))


@shared_task(name="codes.note_neighbours")
def note_all_neighbours() -> int:
    """Store the list of other cities in every city's table. Return the number of changed rows."""
    return note_neighbours(now=timezone.now())


@shared_task(name="codes.fetch_neighbours_lists")
def fetch_neighbours_lists() -> int:
    """Fetch other cities' key lists for cities whose gates check foreign passes and may have to do so off-line.

    Return the number of lists.
    """

    def fetch() -> int:
        has_gates = GateDevice.objects.filter(state=GateDeviceState.CONFIRMED).exists()
        looks_up = current_city().recognition == Recognition.LOOK_UP
        return fetch_lists(now=timezone.now()) if has_gates and looks_up else 0

    return in_each(working_schemas(), fetch)


@shared_task(name="codes.start_due_runs")
def start_due_runs() -> int:
    """Start today's run in every city where it is due. Return the number of runs."""

    def start(schema: str) -> int:
        return enqueue_found(schema, lambda: _pks(start_if_due(now=timezone.now())), enqueue_run)

    return for_each(working_schemas(), start)


def enqueue_idle_run(schema: str) -> int:
    """Enqueue the open run if no worker is working on it, as after the loss of a broker, message or worker. Return 1 or 0."""
    return enqueue_found(schema, lambda: _pks(run_to_wake(now=timezone.now())), enqueue_run)


def _pks(run: Run | None) -> list[int]:
    return [run.pk] if run else []


@shared_task(name="codes.sweep_reviews")
def sweep_all_reviews() -> int:
    """Escalate, lapse, expire and discard whatever is due in every city. Return the number of acts."""
    return in_each(working_schemas(), lambda: sum(sweep_reviews(now=timezone.now()).values()))


def enqueue_retention(schema: str, sweep_id: int) -> bool:
    return enqueue(sweep_one_city, schema, sweep_id)


@shared_task(name="codes.sweep_city")
def sweep_one_city(schema: str, sweep_id: int) -> bool:
    """Sweep a city's data past its retention limits. Return whether this call finished the day's sweep."""
    with in_city(schema):
        return carry_out(sweep_id, clock=timezone.now)


@shared_task(name="codes.sweep_retention")
def sweep_retention() -> int:
    """Sweep ``public`` at once, and enqueue every city's sweep of old data that is due. Return the number enqueued."""
    sweep_public(now=timezone.now())

    def due(schema: str) -> int:
        return enqueue_found(schema, lambda: sweep_waiting(now=timezone.now()), enqueue_retention)

    return for_each(all_schemas(), due)


def enqueue_due_webhooks(schema: str) -> int:
    """Enqueue a task for each webhook with waiting deliveries, so that a slow one does not delay others. Return their number."""
    return enqueue_found(schema, lambda: due_webhooks(now=timezone.now()), enqueue_webhook)


def enqueue_webhook(schema: str, webhook_id: int) -> bool:
    return enqueue(deliver_webhook, schema, webhook_id)


@shared_task(name="codes.deliver_webhook")
def deliver_webhook(schema: str, webhook_id: int) -> int:
    """Deliver a webhook's messages for a few seconds. Return their number. The rest is enqueued again at once."""
    if is_suspended(schema):
        return 0
    with in_city(schema):
        delivered = deliver(webhook_id, clock=timezone.now)
        is_left = delivered > 0 and webhook_id in due_webhooks(now=timezone.now())
    if is_left:
        enqueue_webhook(schema, webhook_id)
    return delivered


@shared_task(name="codes.update_display_findings")
def update_display_findings() -> int:
    """Update the findings about displayed colours, after rulings and changed maps. Return the number of cities."""

    def update() -> int:
        update_findings(now=timezone.now())
        return 1

    return in_each(working_schemas(), update)


@shared_task(name="codes.witness_journals")
def witness_journals() -> int:
    """Have the heads of all journals co-signed if a day has passed. Return the number of signatures."""
    return witness_all(now=timezone.now())


@shared_task(name="codes.sign_checkpoints")
def sign_checkpoints() -> int:
    """Sign a checkpoint of every city's journal that has grown. Return their number."""
    return in_each(all_schemas(), lambda: int(write_checkpoint(now=timezone.now()) is not None))


@shared_task(name="codes.tell_of_ending_rulings")
def write_messages_of_all_ending_rulings() -> int:
    """Notify citizens whose ruling is about to end. Return the number of messages."""
    return in_each(working_schemas(), lambda: write_messages_of_ending_rulings(now=timezone.now()))


@shared_task(name="codes.exchange_corrections")
def exchange_corrections() -> int:
    """Ask, answer and escalate the corrections that are due between cities. Return the number of acts."""
    return in_each(working_schemas(), lambda: sum(exchange(now=timezone.now()).values()))
