"""The Celery application and its beat schedule.

The broker only notifies workers: all state is in PostgreSQL, so tasks may be lost, doubled or late. Prefork only.
"""

import os
import sys
from secrets import token_hex
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import celeryd_init, setup_logging, task_postrun, task_prerun, worker_init
from django.conf import settings
from django.db import close_old_connections
from django.utils.log import configure_logging

from portal.environment import load
from portal.observability.requests import begin_to_count
from portal.start_up import refuse_unsafe_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

# Interval of sweeps of leased work (settings.LEASE): a dead worker's work continues after lease and sweep, with any broker.
SWEEP_SECONDS = 8.0
BEAT: dict[str, dict[str, Any]] = {
    # Reported by health checks and metrics.
    "note beat": {"task": "portal.note_beat", "schedule": 15.0},
    # Every five minutes: cities whose staggered minute has passed and that have no run today.
    "start due runs": {"task": "codes.start_due_runs", "schedule": crontab(minute="*/5")},
    "sweep": {"task": "portal.sweep", "schedule": SWEEP_SECONDS},
    "sweep openings": {"task": "codes.sweep_openings", "schedule": SWEEP_SECONDS},
    "sweep suspensions": {"task": "codes.sweep_suspensions", "schedule": 60.0},
    "sweep risk lists": {"task": "codes.sweep_risk_lists", "schedule": SWEEP_SECONDS},
    "sweep links to enrol": {"task": "portal.sweep_enrolment_links", "schedule": 30.0},
    # Sent once per ruling; checked every hour, so that an hour without workers delays no mail by a day.
    "tell of ending rulings": {"task": "codes.tell_of_ending_rulings", "schedule": crontab(minute=25)},
    # The morning digest and cases due soon; nobody gets more than two mails an hour.
    "mail staff": {"task": "portal.mail_staff", "schedule": crontab(minute="5,35")},
    "mail alarms": {"task": "portal.mail_alarms", "schedule": 60.0},
    "sum up cities": {"task": "codes.sum_up_cities", "schedule": 60.0},
    # Once a week per city; checked more often, so that a time without workers does not skip a week.
    "publish weeks": {"task": "codes.publish_weeks", "schedule": crontab(minute="*/10")},
    "fetch neighbours' lists": {"task": "codes.fetch_neighbours_lists", "schedule": crontab(minute="*/10")},
    "note neighbours": {"task": "codes.note_neighbours", "schedule": crontab(minute="*/5")},
    "exchange corrections": {"task": "codes.exchange_corrections", "schedule": 20.0},
    "update display findings": {"task": "codes.update_display_findings", "schedule": 60.0},
    "sweep reviews": {"task": "codes.sweep_reviews", "schedule": crontab(minute="*/5")},
    # Once a day per city; checked more often, so that a time without workers does not skip a day.
    "sweep old data": {"task": "codes.sweep_retention", "schedule": crontab(minute="*/10")},
    # A superuser of the database could remove at most the last minute of what people did on pages without being noticed.
    "sign journal checkpoints": {"task": "codes.sign_checkpoints", "schedule": crontab()},
    # Once a day per city; checked every hour, so that an hour without workers does not skip a day.
    "have journals witnessed": {"task": "codes.witness_journals", "schedule": crontab(minute=40)},
}

# A message that no worker has taken by then is dropped: the next one does the same, and after a time without workers they would come
# before the judging.
LEAST_EXPIRY, EXPIRY_OF_A_TIME = 60.0, 300.0
for entry in BEAT.values():
    interval = entry["schedule"]
    entry["options"] = {"expires": max(interval, LEAST_EXPIRY) if isinstance(interval, float) else EXPIRY_OF_A_TIME}

app = Celery("portal")
# Deferred, so that a command that enqueues nothing starts no broker.
app.add_defaults(
    lambda: {
        "broker_url": (broker := load().broker_url),
        "broker_connection_retry_on_startup": True,
        # On Redis and Valkey a killed worker's tasks are redelivered in about 20 s; with the defaults in 100. RabbitMQ notices at
        # once. Leased work does not wait for that: see SWEEP_SECONDS.
        "broker_transport_options": {}
        if broker.startswith("amqp")
        else {"visibility_timeout": 600, "unacked_restore_interval": 5, "unacked_restore_throttle": 1},
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_max_memory_per_child": 300_000,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "timezone": "UTC",
        "task_default_queue": "portal",
        # On RabbitMQ a classic queue cannot be converted to a quorum queue of the same name, so it is one from the start.
        "task_default_queue_type": "quorum" if broker.startswith("amqp") else None,
        # Celery would reconnect to the database for every task; as with requests, Django's CONN_MAX_AGE limits a session instead.
        "CELERY_DB_REUSE_MAX": sys.maxsize,
        "beat_schedule": BEAT,
    }
)
app.autodiscover_tasks(["codes"])
app.autodiscover_tasks(["portal.citizen.sign_in", "portal.citizen.messages"])
app.autodiscover_tasks(["portal.official", "portal.observability"])
app.autodiscover_tasks(["portal"], related_name="sweep")


@celeryd_init.connect
def name_apart(sender: str, instance: Any, **_: object) -> None:
    """Give each worker a unique name, also one that replaces a killed worker on the same machine.

    Celery names a worker by its machine. RabbitMQ reserves the queue of a name for the connection that declared it first, so that a
    second worker of that name never starts working; the queue of a machine that failed is kept for minutes.
    """
    name, _at, host = sender.partition("@")
    instance.hostname = f"{name}-{token_hex(4)}@{host}"


@worker_init.connect
def refuse_unsafe_worker(**_: object) -> None:
    """Check a worker like the web server, as it has every city's data."""
    refuse_unsafe_start(load())
    begin_to_count()


@task_prerun.connect
@task_postrun.connect
def close_old_sessions(sender: Any, **_: object) -> None:
    """Close old sessions as around a request. A task that runs eagerly within a request must keep the request's session."""
    if not sender.request.is_eager:
        close_old_connections()


@setup_logging.connect
def log_as_settings_say(**_: object) -> None:
    """Configure logging from the settings; without this receiver Celery would install its own handlers."""
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
