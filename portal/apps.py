from importlib import import_module

from django.apps import AppConfig

from portal.celery import app as celery_app

__all__ = ["PortalConfig", "celery_app"]


class PortalConfig(AppConfig):
    """The top floor. Naming the Celery app here binds every shared task to it."""

    name = "portal"

    def ready(self) -> None:
        """Listen to what happens at the staff's door; the listeners import models, which are there only now."""
        import_module("portal.staff_sign_in.events")
