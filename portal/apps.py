from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from portal.celery import app as celery_app

__all__ = ["PortalConfig", "celery_app"]


class PortalConfig(AppConfig):
    """Naming the Celery app here binds every shared task to it."""

    name = "portal"

    def ready(self) -> None:
        """Connect the receivers of signals; some import models, which are loaded only now."""
        import_module("portal.staff_sign_in.events")
        import_module("portal.observability.requests")
        if settings.TRACES_ARE_SENT:
            import_module("portal.observability.traces").begin()
