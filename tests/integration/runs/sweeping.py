"""The portal's Celery application with a beat that only sweeps runs, and that often."""

from portal.celery import BEAT, app

SECONDS = 0.5
NAME = "sweep unfinished runs"
app.conf.beat_schedule = {NAME: {**BEAT[NAME], "schedule": SECONDS}}
