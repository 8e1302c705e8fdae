"""Tasks that officials start from a page and workers execute, and periodic tasks about officials."""

from celery import shared_task
from django.utils import timezone

from codes.intake.collecting import collect_source
from codes.rule_sets.rehearsal_jobs import rehearse, sweep_rehearsals
from portal.mail import host_of
from portal.official.alarms.mail import mail_alarms
from portal.official.home.staff_mail import mail_deadlines, mail_digests
from portal.official.staff.enrolment_mail import send_link
from regions.each_city import enqueue_found, for_each
from regions.enqueueing import enqueue
from regions.sources.batches import AlreadyCollecting
from regions.sources.models import Source
from regions.staff.enrolment import links_to_send
from regions.tenancy import all_schemas, in_city, is_suspended, working_schemas


def enqueue_collection(schema: str, source_id: int, by: str) -> bool:
    return enqueue(collect_now, schema, source_id, by)


@shared_task(name="portal.collect_now")
def collect_now(schema: str, source_id: int, by: str) -> str:
    """Collect one source and return the state of its batch.

    Return an empty string if it is already being collected or is retired, or if the city is suspended.
    """
    if is_suspended(schema):
        return ""
    with in_city(schema):
        source = Source.objects.current().filter(pk=source_id).first()
        if source is None:
            return ""
        try:
            return str(collect_source(source, now=timezone.now(), by=by).state)
        except AlreadyCollecting:
            return ""


def enqueue_rehearsal(schema: str, job_id: int) -> bool:
    return enqueue(rehearse_draft, schema, job_id)


@shared_task(name="portal.rehearse_draft")
def rehearse_draft(schema: str, job_id: int) -> bool:
    if is_suspended(schema):
        return False
    with in_city(schema):
        return rehearse(job_id, clock=timezone.now)


def enqueue_idle_rehearsals(schema: str) -> int:
    """Enqueue the rehearsals that no worker holds. Return their number."""
    return enqueue_found(schema, lambda: sweep_rehearsals(now=timezone.now()), enqueue_rehearsal)


def enqueue_enrolment_link(schema: str, link_id: int) -> bool:
    return enqueue(send_enrolment_link, schema, link_id)


@shared_task(name="portal.send_enrolment_link")
def send_enrolment_link(schema: str, link_id: int) -> bool:
    """Send one link. The token is generated here so that it is never a task argument."""
    host = host_of(schema)
    with in_city(schema):
        return send_link(link_id, host=host, now=timezone.now())


@shared_task(name="portal.sweep_enrolment_links")
def sweep_enrolment_links() -> int:
    """Send the links that no worker has sent yet, such as those of a newly opened city.

    Return the number of links sent.
    """

    def send(schema: str) -> int:
        host = host_of(schema)
        with in_city(schema):
            waiting = list(links_to_send(now=timezone.now()).values_list("pk", flat=True))
            return sum(send_link(link_id, host=host, now=timezone.now()) for link_id in waiting)

    return for_each(all_schemas(), send)


@shared_task(name="portal.mail_alarms")
def mail_all_alarms() -> int:
    """Mail new alarms in every city to the accounts that may read them. Return the number of alarms."""

    def send(schema: str) -> int:
        host = host_of(schema)
        with in_city(schema):
            return mail_alarms(host=host, now=timezone.now())

    return for_each(all_schemas(), send)


@shared_task(name="portal.mail_staff")
def mail_all_staff() -> int:
    """Mail morning digests and cases due soon in every city that is not suspended. Return the number of mails."""

    def send(schema: str) -> int:
        host = host_of(schema)
        with in_city(schema):
            return mail_digests(host=host, now=timezone.now()) + mail_deadlines(host=host, now=timezone.now())

    return for_each(working_schemas(), send)
