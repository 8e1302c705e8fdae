from django.apps import AppConfig

from portal.celery import app as celery_app

__all__ = ["PortalConfig", "celery_app"]


class PortalConfig(AppConfig):
    """The top floor. Naming the Celery app here binds every shared task to it."""

    name = "portal"
