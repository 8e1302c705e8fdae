"""The portal's Celery application with a beat that only sweeps, and that often."""

from portal.celery import BEAT, app

SECONDS = 0.5
NAME = "sweep"
app.conf.beat_schedule = {NAME: {**BEAT[NAME], "schedule": SECONDS}}
