from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_delete
from django_tenants.signals import tenant_delete_callback

from portal.celery import app as celery_app

__all__ = ["PortalConfig", "celery_app"]


class PortalConfig(AppConfig):
    """Importing the Celery app here binds every shared task to it."""

    name = "portal"

    def ready(self) -> None:
        """Connect the receivers of signals; some import models, which are loaded only now."""
        import_module("portal.staff_sign_in.events")
        import_module("portal.observability.requests")
        # This receiver would drop the schema of a deleted tenant, which no city uses (``City.auto_drop_schema``). With a receiver
        # for every model, Django would also read each row before deleting it.
        post_delete.disconnect(tenant_delete_callback)
        if settings.TRACES_ARE_SENT:
            import_module("portal.observability.traces").begin()
