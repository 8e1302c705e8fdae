"""The portal's Celery application with a beat that does nothing but sweep, every half second."""

from portal.celery import BEAT, app

SECONDS = 0.5
NAME = "sweep"
app.conf.beat_schedule = {NAME: {**BEAT[NAME], "schedule": SECONDS}}
