"""The sweep: work that no worker holds is enqueued again, so that a lost message, broker or worker delays it by seconds only."""

from celery import shared_task

from codes.tasks import enqueue_due_webhooks, enqueue_idle_exports, enqueue_idle_run
from portal.citizen.messages.tasks import enqueue_senders
from portal.citizen.sign_in.tasks import enqueue_missed_sms
from portal.official.tasks import enqueue_idle_rehearsals
from regions.each_city import for_each
from regions.tenancy import working_schemas

ACTS = (
    enqueue_idle_run,
    enqueue_idle_exports,
    enqueue_idle_rehearsals,
    enqueue_due_webhooks,
    enqueue_senders,
    enqueue_missed_sms,
)


@shared_task(name="portal.sweep")
def sweep() -> int:
    """Run all acts in each city with one session. Return how much was found. Each act takes one or two queries and mostly finds nothing."""
    return for_each(working_schemas(), *ACTS)
